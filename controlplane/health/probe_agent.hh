// SPDX-License-Identifier: Apache-2.0
// An agent check: connects, says what it was told to, and takes the first line that comes, up to 1 KiB, for what the
// agent says about its backend (agent_answer.hh). It succeeds if the agent could be understood, whatever it said; the
// answer is in the result.
#pragma once

#include <memory>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

[[nodiscard]] std::shared_ptr<Probe> start_agent_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                       ProbeDone done);

}  // namespace guideway
