// SPDX-License-Identifier: Apache-2.0
// An HTTP or HTTPS check: one request over a new HTTP/1.1 connection; succeeds if a whole, well-formed response with
// one of the target's statuses, and what it wants in the body, arrives within the timeout. At most 16 KiB of header and
// some 64 KiB of body are read: a larger header fails, of a larger body the beginning decides.
#pragma once

#include <memory>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

[[nodiscard]] std::shared_ptr<Probe> start_http_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                      ProbeDone done);

}  // namespace guideway
