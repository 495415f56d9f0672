// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/start_probe.hh"

#include <utility>

#include "controlplane/health/probe_agent.hh"
#include "controlplane/health/probe_conversation.hh"
#include "controlplane/health/probe_dns.hh"
#include "controlplane/health/probe_grpc.hh"
#include "controlplane/health/probe_http.hh"
#include "controlplane/health/probe_icmp.hh"
#include "controlplane/health/probe_program.hh"
#include "controlplane/health/probe_udp.hh"

namespace guideway {

std::shared_ptr<Probe> start_probe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  switch (target.kind) {
    case CheckKind::http:
      return start_http_probe(io, target, std::move(done));
    case CheckKind::agent:
      return start_agent_probe(io, target, std::move(done));
    case CheckKind::udp:
      return start_udp_probe(io, target, std::move(done));
    case CheckKind::dns:
      return start_dns_probe(io, target, std::move(done));
    case CheckKind::icmp:
      return start_icmp_probe(io, target, std::move(done));
    case CheckKind::grpc:
      return start_grpc_probe(io, target, std::move(done));
    case CheckKind::program:
      return start_program_probe(io, target, std::move(done));
    case CheckKind::none:
    case CheckKind::tcp:
    case CheckKind::redis:
    case CheckKind::memcached:
    case CheckKind::smtp:
    case CheckKind::postgresql:
    case CheckKind::mysql:
    case CheckKind::amqp:
      break;
  }
  return start_conversation_probe(io, target, std::move(done));
}

}  // namespace guideway
