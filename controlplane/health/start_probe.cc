// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/start_probe.hh"

#include <utility>

#include "controlplane/health/probe_conversation.hh"
#include "controlplane/health/probe_http.hh"

namespace guideway {

std::shared_ptr<Probe> start_probe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  switch (target.kind) {
    case CheckKind::http:
      return start_http_probe(io, target, std::move(done));
    case CheckKind::none:
    case CheckKind::tcp:
    case CheckKind::redis:
    case CheckKind::memcached:
    case CheckKind::smtp:
      break;
  }
  return start_conversation_probe(io, target, std::move(done));
}

}  // namespace guideway
