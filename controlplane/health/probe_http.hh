// SPDX-License-Identifier: Apache-2.0
// An HTTP check: GET over a new HTTP/1.1 connection; succeeds if a whole, well-formed response with a status in the
// target's range arrives within the timeout. At most 16 KiB of header and 64 KiB of body are read: a larger header
// fails, a larger body is left unread and the status decides.
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
