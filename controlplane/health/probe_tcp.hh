// SPDX-License-Identifier: Apache-2.0
// A TCP check: succeeds if the connection is established within the target's timeout. The connection is then reset,
// not closed, so that thousands of checks leave no sockets in TIME_WAIT behind.
#pragma once

#include <memory>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

[[nodiscard]] std::shared_ptr<Probe> start_tcp_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                     ProbeDone done);

}  // namespace guideway
