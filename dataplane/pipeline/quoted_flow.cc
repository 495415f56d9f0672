// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/quoted_flow.hh"

#include <cstring>

#include "dataplane/net/icmp.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/pipeline/extension_headers.hh"

namespace guideway {
namespace {

struct Ports {
  be16 source;
  be16 destination;
};

// The protocol of the quoted packet, with the cursor in front of its ports; 0 if it has none that we know of.
std::uint8_t pass_ipv4(HeaderCursor& quoted, gw_flow_key& reversed) noexcept {
  const auto* ip = quoted.peek<Ipv4Header>();
  if (ip == nullptr || ip->version() != 4 || ip->header_bytes() < sizeof(Ipv4Header) || ip->has_offset()) return 0;
  std::memcpy(reversed.source, ip->destination.data(), 4);
  std::memcpy(reversed.destination, ip->source.data(), 4);
  return quoted.skip(ip->header_bytes()) ? ip->protocol : std::uint8_t{0};
}

std::uint8_t pass_ipv6(HeaderCursor& quoted, gw_flow_key& reversed) noexcept {
  const auto* ip = quoted.peek<Ipv6Header>();
  if (ip == nullptr || ip->version() != 6) return 0;
  std::memcpy(reversed.source, ip->destination.data(), 16);
  std::memcpy(reversed.destination, ip->source.data(), 16);
  (void)quoted.skip(sizeof(Ipv6Header));
  const ExtensionWalk walk = walk_extensions(quoted, ip->next_header);
  return walk.exit == GW_EXIT_SENT && !walk.is_later ? walk.protocol : std::uint8_t{0};
}

}  // namespace

bool is_icmp_error(std::uint8_t family, std::uint8_t type) noexcept {
  if (family == GW_FAMILY_IPV4)
    return type == icmp::unreachable || type == icmp::time_exceeded || type == icmp::parameter_problem;
  return type >= icmpv6::unreachable && type <= icmpv6::parameter_problem;
}

bool read_quoted_flow(Packet& packet, HeaderCursor quoted) noexcept {
  gw_flow_key reversed{};
  reversed.family = packet.flow.family;
  reversed.protocol = packet.flow.family == GW_FAMILY_IPV4 ? pass_ipv4(quoted, reversed) : pass_ipv6(quoted, reversed);
  if (reversed.protocol != next_header::tcp && reversed.protocol != next_header::udp) return false;
  const auto* ports = quoted.peek<Ports>();
  if (ports == nullptr || std::memcmp(reversed.destination, packet.flow.destination, 16) != 0) return false;
  reversed.source_port_be16 = ports->destination.raw();
  reversed.destination_port_be16 = ports->source.raw();
  packet.flow = reversed;
  return true;
}

}  // namespace guideway
