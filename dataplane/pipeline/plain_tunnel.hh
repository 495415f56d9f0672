// SPDX-License-Identifier: Apache-2.0
// What nearly every tunnelled packet needs, in few wide stores: IP in IP or GUE over IPv4, from one source address,
// untagged on both sides, to a backend that is resolved and within its MTU. encapsulate() does the same, and all else.
#pragma once

#include <cstddef>
#include <cstring>

#include "dataplane/pipeline/link_header.hh"
#include "dataplane/pipeline/own_header.hh"
#include "dataplane/pipeline/tunnel_header.hh"

namespace guideway {

[[nodiscard]] inline std::uint32_t plain_overhead_bytes(const gw_backend& backend) noexcept {
  return backend.forward == GW_FORWARD_GUE ? sizeof(Ipv4Header) + sizeof(UdpHeader) + sizeof(GueHeader)
                                           : sizeof(Ipv4Header);
}

[[nodiscard]] inline bool is_plain_tunnel(const Packet& packet, const gw_backend& backend) noexcept {
  const bool has_tunnel = backend.forward == GW_FORWARD_IPIP || backend.forward == GW_FORWARD_GUE;
  return has_tunnel && backend.family == GW_FAMILY_IPV4 && backend.flags == GW_BACKEND_RESOLVED && backend.vlan == 0 &&
         backend.outer_source_bits == 32 && packet.ip_offset_bytes == sizeof(EthernetHeader) &&
         packet.headroom_bytes >= plain_overhead_bytes(backend) &&
         packet.ip_length_bytes + plain_overhead_bytes(backend) <= backend.mtu_bytes;
}

inline void encapsulate_plainly(Packet& packet, const gw_backend& backend) noexcept {
  const std::uint32_t overhead = plain_overhead_bytes(backend);
  const bool is_gue = backend.forward == GW_FORWARD_GUE;
  std::byte* const inner = packet.data + sizeof(EthernetHeader);
  const std::uint8_t inner_protocol = tunnelled_protocol(packet);
  Ipv4Words words;
  words.protocol = is_gue ? next_header::udp : inner_protocol;
  words.traffic_class = tunnelled_traffic_class(packet, inner);
  words.total_bytes = packet.ip_length_bytes + overhead;
  std::memcpy(&words.source, backend.outer_source, sizeof words.source);
  std::memcpy(&words.destination, backend.address, sizeof words.destination);
  packet.data -= overhead;
  packet.headroom_bytes = static_cast<std::uint16_t>(packet.headroom_bytes - overhead);
  packet.length_bytes = static_cast<std::uint32_t>(sizeof(EthernetHeader)) + words.total_bytes;
  write_macs(packet.data, backend);
  constexpr be16 type(static_cast<std::uint16_t>(EtherType::ipv4));
  std::memcpy(packet.data + 12, &type, sizeof type);
  write_ipv4_words(packet.data + sizeof(EthernetHeader), words);
  constexpr std::uint32_t shim_bytes = sizeof(UdpHeader) + sizeof(GueHeader);
  if (is_gue) write_gue(inner - shim_bytes, packet, backend, shim_bytes);
}

}  // namespace guideway
