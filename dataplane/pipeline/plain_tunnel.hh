// SPDX-License-Identifier: Apache-2.0
// What nearly every tunnelled packet needs: the headers that its backend's snapshot has ready, in few wide stores.
// encapsulate() does the same, and all else.
#pragma once

#include <cstddef>
#include <cstring>

#include "dataplane/forwarding/outer_headers.hh"
#include "dataplane/net/checksum.hh"
#include "dataplane/pipeline/link_header.hh"
#include "dataplane/pipeline/tunnel_header.hh"

namespace guideway {

[[nodiscard]] inline bool takes(const OuterHeaders& outer, const Packet& packet) noexcept {
  return packet.ip_length_bytes <= outer.inner_bytes_max && packet.headroom_bytes >= outer.overhead_bytes &&
         packet.ip_offset_bytes == sizeof(EthernetHeader);
}

// The outer header's words that differ from packet to packet, as they stand in it.
inline void complete_outer_ipv4(std::byte* ip, std::uint32_t words, std::uint32_t total_bytes,
                                std::uint8_t traffic_class, std::uint8_t protocol) noexcept {
  const std::uint32_t first = 0x45U | std::uint32_t{traffic_class} << 8U |
                              std::uint32_t{be16(static_cast<std::uint16_t>(total_bytes)).raw()} << 16U;
  // The sum has these as 0.
  words += (std::uint32_t{traffic_class} << 8U) + (first >> 16U);
  words = (words & 0xffffU) + (words >> 16U);
  words += words >> 16U;
  const std::uint32_t third = own_hop_limit | std::uint32_t{protocol} << 8U | (~words << 16U);
  std::memcpy(ip, &first, sizeof first);
  std::memcpy(ip + 8, &third, sizeof third);
}

inline void encapsulate_plainly(Packet& packet, const OuterHeaders& outer) noexcept {
  const std::uint32_t overhead = outer.overhead_bytes;
  const bool is_gue = overhead != sizeof(Ipv4Header);
  std::byte* const inner = packet.data + sizeof(EthernetHeader);
  std::byte* const frame = packet.data - overhead;
  const std::uint8_t traffic_class = tunnelled_traffic_class(packet, inner);
  const std::uint32_t total_bytes = packet.ip_length_bytes + overhead;
  // Up to the inner packet in two pieces that overlap.
  constexpr std::uint32_t first_bytes = 32;
  constexpr std::uint32_t last_bytes = 16;
  const std::uint32_t last_at = static_cast<std::uint32_t>(sizeof(EthernetHeader)) + overhead - last_bytes;
  std::memcpy(frame, outer.bytes.data(), first_bytes);
  std::memcpy(frame + last_at, outer.bytes.data() + last_at, last_bytes);
  const std::uint8_t inner_protocol = tunnelled_protocol(packet);
  complete_outer_ipv4(frame + sizeof(EthernetHeader),
                      outer.checksum_words + (is_gue ? 0U : std::uint32_t{inner_protocol} << 8U), total_bytes,
                      traffic_class, is_gue ? next_header::udp : inner_protocol);
  packet.data = frame;
  packet.headroom_bytes = static_cast<std::uint16_t>(packet.headroom_bytes - overhead);
  packet.length_bytes = static_cast<std::uint32_t>(sizeof(EthernetHeader)) + total_bytes;
  packet.egress_port = outer.egress_port;
  constexpr std::uint32_t shim_bytes = sizeof(UdpHeader) + sizeof(GueHeader);
  if (!is_gue) return;
  write_udp(inner - shim_bytes, packet, outer.tunnel_id, shim_bytes);
  write_gue_header(inner - sizeof(GueHeader), packet);
}

}  // namespace guideway
