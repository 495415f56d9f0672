// SPDX-License-Identifier: Apache-2.0
// A DNS check: one question, over UDP or TCP, that must be answered without an error and with a record of its type, and
// if the target says which, with that one.
#pragma once

#include <memory>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

[[nodiscard]] std::shared_ptr<Probe> start_dns_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                     ProbeDone done);

}  // namespace guideway
