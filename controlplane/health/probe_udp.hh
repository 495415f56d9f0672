// SPDX-License-Identifier: Apache-2.0
// A UDP check: says what it was told to, and succeeds if what is expected comes, in any datagram up to 4 KiB within the
// timeout. Silence says nothing about UDP, so there must be something to say and something to expect.
#pragma once

#include <memory>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

[[nodiscard]] std::shared_ptr<Probe> start_udp_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                     ProbeDone done);

}  // namespace guideway
