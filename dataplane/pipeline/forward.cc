// SPDX-License-Identifier: Apache-2.0
// Section 4 of docs/packet-path.md: hands the packet to its backend, by MAC rewrite or inside another IP header.
#include <cstring>

#include "dataplane/net/checksum.hh"
#include "dataplane/net/ethernet.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/pipeline/steps.hh"

namespace guideway {
namespace {

constexpr std::uint8_t outer_hop_limit = 64;

std::uint8_t inner_traffic_class(const Packet& packet, const std::byte* inner) noexcept {
  if (packet.flow.family == GW_FAMILY_IPV4) return reinterpret_cast<const Ipv4Header*>(inner)->dscp_and_ecn;
  return reinterpret_cast<const Ipv6Header*>(inner)->traffic_class();
}

void write_ethernet(std::byte* at, const gw_backend& backend, EtherType type) noexcept {
  EthernetHeader header;
  std::memcpy(header.destination.bytes.data(), backend.next_hop_mac, 6);
  std::memcpy(header.source.bytes.data(), backend.source_mac, 6);
  header.type = be16(static_cast<std::uint16_t>(type));
  std::memcpy(at, &header, sizeof header);
}

void write_outer_ipv4(std::byte* at, const Packet& packet, const gw_backend& backend, std::uint8_t traffic_class,
                      std::uint8_t protocol) noexcept {
  Ipv4Header header;
  header.version_and_ihl = 0x45;
  header.dscp_and_ecn = traffic_class;
  header.total_length = be16(static_cast<std::uint16_t>(packet.ip_length_bytes + sizeof header));
  header.identification = be16(0);  // allowed with DF (RFC 6864)
  header.flags_and_fragment_offset = be16(ipv4_dont_fragment);
  header.time_to_live = outer_hop_limit;
  header.protocol = protocol;
  header.checksum = be16(0);
  std::memcpy(header.source.data(), backend.outer_source, 4);
  std::memcpy(header.destination.data(), backend.address, 4);
  header.checksum = be16::from_raw(header_checksum(&header, sizeof header));
  std::memcpy(at, &header, sizeof header);
}

void write_outer_ipv6(std::byte* at, const Packet& packet, const gw_backend& backend, std::uint8_t traffic_class,
                      std::uint8_t protocol) noexcept {
  Ipv6Header header;
  const auto flow_label = static_cast<std::uint32_t>(packet.hash) & 0xfffffU;
  header.version_class_and_label = be32(6U << 28U | std::uint32_t{traffic_class} << 20U | flow_label);
  header.payload_length = be16(packet.ip_length_bytes);
  header.next_header = protocol;
  header.hop_limit = outer_hop_limit;
  std::memcpy(header.source.data(), backend.outer_source, 16);
  std::memcpy(header.destination.data(), backend.address, 16);
  std::memcpy(at, &header, sizeof header);
}

gw_exit forward_l2(Packet& packet, const gw_backend& backend) noexcept {
  if (packet.ip_length_bytes > backend.mtu_bytes) return GW_EXIT_DROP_TOO_BIG;
  std::memcpy(packet.data, backend.next_hop_mac, 6);
  std::memcpy(packet.data + 6, backend.source_mac, 6);
  return GW_EXIT_SENT;
}

gw_exit forward_ipip(Packet& packet, const gw_backend& backend) noexcept {
  const bool outer_is_ipv4 = backend.family == GW_FAMILY_IPV4;
  const std::uint32_t outer_bytes = outer_is_ipv4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header);
  if (packet.ip_length_bytes + outer_bytes > backend.mtu_bytes) return GW_EXIT_DROP_TOO_BIG;
  if (packet.headroom_bytes < outer_bytes) return GW_EXIT_DROP_NO_HEADROOM;

  std::byte* inner = packet.data + packet.ip_offset_bytes;
  std::byte* outer = inner - outer_bytes;
  std::byte* frame = outer - sizeof(EthernetHeader);
  const std::uint8_t traffic_class = inner_traffic_class(packet, inner);
  const std::uint8_t protocol = packet.flow.family == GW_FAMILY_IPV4 ? next_header::ipv4 : next_header::ipv6;
  if (outer_is_ipv4) {
    write_outer_ipv4(outer, packet, backend, traffic_class, protocol);
  } else {
    write_outer_ipv6(outer, packet, backend, traffic_class, protocol);
  }
  write_ethernet(frame, backend, outer_is_ipv4 ? EtherType::ipv4 : EtherType::ipv6);
  packet.headroom_bytes = static_cast<std::uint16_t>(packet.headroom_bytes - (packet.data - frame));
  packet.data = frame;
  packet.length_bytes = static_cast<std::uint32_t>(sizeof(EthernetHeader)) + outer_bytes + packet.ip_length_bytes;
  packet.ip_offset_bytes = sizeof(EthernetHeader);
  return GW_EXIT_SENT;
}

}  // namespace

void forward(Burst& burst, const Snapshot& snapshot) noexcept {
  for_each_active(burst, [&snapshot](Packet& packet) noexcept {
    const gw_backend& backend = snapshot.backend(packet.backend);
    if ((backend.flags & GW_BACKEND_RESOLVED) == 0) return GW_EXIT_DROP_UNRESOLVED;
    packet.egress_port = backend.port;
    return backend.forward == GW_FORWARD_L2 ? forward_l2(packet, backend) : forward_ipip(packet, backend);
  });
}

}  // namespace guideway
