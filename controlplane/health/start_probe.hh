// SPDX-License-Identifier: Apache-2.0
// Starts the probe that a target's kind asks for.
#pragma once

#include <memory>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

// The target's kind is not none.
[[nodiscard]] std::shared_ptr<Probe> start_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                 ProbeDone done);

}  // namespace guideway
