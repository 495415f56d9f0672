// SPDX-License-Identifier: Apache-2.0
// A check by an external program: it succeeds if the program ends with exit code 0 within the timeout, and the last
// line of what it wrote is the reason. It runs without a shell in a process group of its own, in /, with nothing to
// read, and with this environment: PATH, GUIDEWAY_ADDRESS, GUIDEWAY_PORT, GUIDEWAY_TIMEOUT_MS. When it ends, or is too
// late, the whole group is killed; a target is not probed again before its last program is gone. A program that
// somebody else than root or this user could change is not run.
#pragma once

#include <memory>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

[[nodiscard]] std::shared_ptr<Probe> start_program_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                         ProbeDone done);

}  // namespace guideway
