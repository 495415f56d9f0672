// SPDX-License-Identifier: Apache-2.0
// Section 1 of docs/packet-path.md. Every length is checked before the bytes behind it are read.
#include <cstddef>
#include <cstring>

#include "dataplane/net/checksum.hh"
#include "dataplane/net/ethernet.hh"
#include "dataplane/net/icmp.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/net/udp.hh"
#include "dataplane/pipeline/extension_headers.hh"
#include "dataplane/pipeline/header_cursor.hh"
#include "dataplane/pipeline/plain_tcp.hh"
#include "dataplane/pipeline/quoted_flow.hh"
#include "dataplane/pipeline/steps.hh"

namespace guideway {
namespace {

gw_exit parse_tcp(Packet& packet, HeaderCursor l4) noexcept {
  const auto* tcp = l4.peek<TcpHeader>();
  if (tcp == nullptr || tcp->header_bytes() < sizeof(TcpHeader) || tcp->header_bytes() > l4.left_bytes())
    return GW_EXIT_DROP_L4_INVALID;
  packet.flow.source_port_be16 = tcp->source_port.raw();
  packet.flow.destination_port_be16 = tcp->destination_port.raw();
  packet.tcp_flags = tcp->flags;
  packet.opens_flow = (tcp->flags & (tcp_flag::syn | tcp_flag::ack)) == tcp_flag::syn;
  return GW_EXIT_SENT;
}

gw_exit parse_udp(Packet& packet, HeaderCursor l4) noexcept {
  const auto* udp = l4.peek<UdpHeader>();
  if (udp == nullptr) return GW_EXIT_DROP_L4_INVALID;
  const std::uint32_t length = udp->length.host();
  const bool is_beyond = length > l4.left_bytes() && packet.kind != PacketKind::first_fragment;
  if (length < sizeof(UdpHeader) || is_beyond) return GW_EXIT_DROP_L4_INVALID;
  packet.flow.source_port_be16 = udp->source_port.raw();
  packet.flow.destination_port_be16 = udp->destination_port.raw();
  packet.opens_flow = true;
  return GW_EXIT_SENT;
}

// What is neither ours to answer nor about a flow that we know.
gw_exit exit_of_other_icmp(const Packet& packet, std::uint8_t type, const ServiceTable& services) noexcept {
  return is_icmp_error(packet.flow.family, type) && services.has_address(packet.flow) ? GW_EXIT_KERNEL_NO_SERVICE
                                                                                      : GW_EXIT_KERNEL_OTHER_PROTOCOL;
}

gw_exit parse_icmp(Packet& packet, HeaderCursor l4, Burst& burst, const ServiceTable& services) noexcept {
  const auto* header = l4.peek<IcmpHeader>();
  if (header == nullptr) return GW_EXIT_KERNEL_OTHER_PROTOCOL;
  const bool ipv4 = packet.flow.family == GW_FAMILY_IPV4;
  const bool has_bare_ip = packet.l4_offset_bytes == (ipv4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header));
  const bool is_echo = header->type == (ipv4 ? icmp::echo_request : icmpv6::echo_request) && header->code == 0;
  if (is_echo && has_bare_ip && services.has_address(packet.flow)) {
    packet.kind = PacketKind::echo;
    ++burst.echo_count;
    return GW_EXIT_KERNEL_OTHER_PROTOCOL;  // unless answer_echoes() says otherwise
  }
  const std::uint8_t type = header->type;
  if (!is_icmp_error(packet.flow.family, type)) return GW_EXIT_KERNEL_OTHER_PROTOCOL;
  (void)l4.skip(sizeof(IcmpHeader));
  if (!read_quoted_flow(packet, l4)) return exit_of_other_icmp(packet, type, services);
  packet.kind = PacketKind::about_flow;
  return GW_EXIT_SENT;
}

gw_exit parse_l4(Packet& packet, std::uint8_t protocol, HeaderCursor l4, Burst& burst,
                 const ServiceTable& services) noexcept {
  packet.flow.protocol = protocol;
  packet.l4_offset_bytes = static_cast<std::uint16_t>(l4.at() - packet.data - packet.ip_offset_bytes);
  if (protocol == next_header::tcp) return parse_tcp(packet, l4);
  if (protocol == next_header::udp) return parse_udp(packet, l4);
  const bool is_icmp = protocol == (packet.flow.family == GW_FAMILY_IPV4 ? next_header::icmp : next_header::icmpv6);
  if (is_icmp && packet.kind == PacketKind::flow) return parse_icmp(packet, l4, burst, services);
  return GW_EXIT_KERNEL_OTHER_PROTOCOL;
}

// Sets a later fragment aside for settle_fragments(), if it may be of a flow to a service.
gw_exit parse_later_fragment(Packet& packet, std::uint8_t protocol, Burst& burst,
                             const ServiceTable& services) noexcept {
  packet.flow.protocol = protocol;
  const bool may_be_flow = protocol == next_header::tcp || protocol == next_header::udp ||
                           (packet.flow.family == GW_FAMILY_IPV6 && is_walked(protocol));
  if (!may_be_flow) return GW_EXIT_KERNEL_OTHER_PROTOCOL;
  if (!services.has_address(packet.flow)) return GW_EXIT_KERNEL_NO_SERVICE;
  packet.kind = PacketKind::later_fragment;
  ++burst.fragment_count;
  return GW_EXIT_HELD;
}

gw_exit parse_ipv4(Packet& packet, HeaderCursor at, Burst& burst, const ServiceTable& services) noexcept {
  const auto* ip = at.peek<Ipv4Header>();
  if (ip == nullptr) return GW_EXIT_DROP_FRAME_TRUNCATED;
  const std::uint32_t header_bytes = ip->header_bytes();
  const std::uint32_t total_bytes = ip->total_bytes();
  if (ip->version() != 4 || header_bytes < sizeof(Ipv4Header) || total_bytes < header_bytes)
    return GW_EXIT_DROP_IP_HEADER_INVALID;
  if (total_bytes > at.left_bytes()) return GW_EXIT_DROP_FRAME_TRUNCATED;
  if (!header_checksum_holds(ip, header_bytes)) return GW_EXIT_DROP_IP_CHECKSUM;

  packet.ip_length_bytes = static_cast<std::uint16_t>(total_bytes);
  packet.flow.family = GW_FAMILY_IPV4;
  std::memcpy(packet.flow.source, ip->source.data(), 4);
  std::memcpy(packet.flow.destination, ip->destination.data(), 4);
  const std::uint8_t protocol = ip->protocol;
  if (ip->is_fragment()) {
    packet.fragment_identification = ip->identification.raw();
    if (ip->has_offset()) return parse_later_fragment(packet, protocol, burst, services);
    packet.kind = PacketKind::first_fragment;
    ++burst.fragment_count;
  }
  at.end_after(total_bytes);
  (void)at.skip(header_bytes);
  return parse_l4(packet, protocol, at, burst, services);
}

gw_exit parse_ipv6(Packet& packet, HeaderCursor at, Burst& burst, const ServiceTable& services) noexcept {
  const auto* ip = at.peek<Ipv6Header>();
  if (ip == nullptr) return GW_EXIT_DROP_FRAME_TRUNCATED;
  if (ip->version() != 6) return GW_EXIT_DROP_IP_HEADER_INVALID;
  const std::uint32_t total_bytes = static_cast<std::uint32_t>(sizeof(Ipv6Header)) + ip->payload_bytes();
  if (total_bytes > at.left_bytes()) return GW_EXIT_DROP_FRAME_TRUNCATED;
  // A packet of more than 65,535 bytes in all fits no link that a frame can come from.
  if (total_bytes > 0xffffU) return GW_EXIT_DROP_IP_HEADER_INVALID;

  packet.ip_length_bytes = static_cast<std::uint16_t>(total_bytes);
  packet.flow.family = GW_FAMILY_IPV6;
  std::memcpy(packet.flow.source, ip->source.data(), 16);
  std::memcpy(packet.flow.destination, ip->destination.data(), 16);
  std::uint8_t protocol = ip->next_header;
  at.end_after(total_bytes);
  (void)at.skip(sizeof(Ipv6Header));
  if (is_walked(protocol)) {
    const ExtensionWalk walk = walk_extensions(at, protocol);
    if (walk.exit != GW_EXIT_SENT) return walk.exit;
    protocol = walk.protocol;
    packet.fragment_identification = walk.identification;
    if (walk.is_later) return parse_later_fragment(packet, protocol, burst, services);
    if (walk.is_fragment) {
      packet.kind = PacketKind::first_fragment;
      ++burst.fragment_count;
    }
  }
  return parse_l4(packet, protocol, at, burst, services);
}

void reset(Packet& packet) noexcept {
  packet.flow = {};
  packet.kind = PacketKind::flow;
  packet.tcp_flags = 0;
  packet.opens_flow = false;
  packet.vlan_control = 0;
  packet.ip_offset_bytes = sizeof(EthernetHeader);
}

gw_exit parse_frame(Packet& packet, Burst& burst, const ServiceTable& services) noexcept {
  if (parse_plain_tcp(packet)) return GW_EXIT_SENT;
  reset(packet);
  HeaderCursor at(packet.data, packet.length_bytes);
  const auto* ethernet = at.peek<EthernetHeader>();
  if (ethernet == nullptr) return GW_EXIT_DROP_FRAME_TRUNCATED;
  EtherType type = ethernet->ether_type();
  (void)at.skip(sizeof(EthernetHeader));
  if (type == EtherType::vlan) {
    const auto* tag = at.peek<VlanTag>();
    if (tag == nullptr) return GW_EXIT_DROP_FRAME_TRUNCATED;
    type = tag->ether_type();
    packet.vlan_control = tag->control.host();
    packet.ip_offset_bytes = sizeof(EthernetHeader) + sizeof(VlanTag);
    (void)at.skip(sizeof(VlanTag));
  }
  if (type == EtherType::ipv4) return parse_ipv4(packet, at, burst, services);
  if (type == EtherType::ipv6) return parse_ipv6(packet, at, burst, services);
  return GW_EXIT_KERNEL_NOT_IP;
}

}  // namespace

void parse(Burst& burst, const ServiceTable& services) noexcept {
  burst.echo_count = 0;
  burst.fragment_count = 0;
  for_each_active(burst, [&](Packet& packet) noexcept {
    const gw_exit exit = parse_frame(packet, burst, services);
    // A first fragment that is not of a flow leaves nothing for later ones to follow.
    if (exit != GW_EXIT_SENT && packet.kind == PacketKind::first_fragment) packet.kind = PacketKind::flow;
    return exit;
  });
}

}  // namespace guideway
