// SPDX-License-Identifier: Apache-2.0
// What a tunnel's headers say of the packet inside.
#pragma once

#include <cstddef>
#include <cstring>

#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/tunnel.hh"
#include "dataplane/net/udp.hh"
#include "dataplane/pipeline/burst.hh"

namespace guideway {

// The range that RFC 6335 leaves to senders, all of it: 14 bits of the flow's hash for the backend's RSS to spread by.
inline constexpr std::uint16_t gue_source_port_base = 0xc000;
inline constexpr std::uint16_t gue_source_port_bits = 0x3fff;

[[nodiscard]] inline std::uint8_t tunnelled_protocol(const Packet& packet) noexcept {
  return packet.flow.family == GW_FAMILY_IPV4 ? next_header::ipv4 : next_header::ipv6;
}

[[nodiscard]] inline std::uint8_t tunnelled_traffic_class(const Packet& packet, const std::byte* inner) noexcept {
  if (packet.flow.family == GW_FAMILY_IPV4) return reinterpret_cast<const Ipv4Header*>(inner)->dscp_and_ecn;
  return reinterpret_cast<const Ipv6Header*>(inner)->traffic_class();
}

// A UDP header in front of all that a tunnel puts before the packet: `shim_bytes` with it.
inline void write_udp(std::byte* at, const Packet& packet, std::uint32_t port, std::uint32_t shim_bytes) noexcept {
  const be16 source_port(static_cast<std::uint16_t>(gue_source_port_base | (packet.hash & gue_source_port_bits)));
  const be16 destination_port(static_cast<std::uint16_t>(port));
  const be16 length(static_cast<std::uint16_t>(packet.ip_length_bytes + shim_bytes));
  // In one word, as own_header.hh does; the checksum, last, is 0.
  const std::uint64_t udp =
      source_port.raw() | std::uint64_t{destination_port.raw()} << 16U | std::uint64_t{length.raw()} << 32U;
  static_assert(sizeof udp == sizeof(UdpHeader));
  std::memcpy(at, &udp, sizeof udp);
}

inline void write_gue_header(std::byte* at, const Packet& packet) noexcept {
  const std::uint32_t gue = std::uint32_t{tunnelled_protocol(packet)} << 8U;
  static_assert(sizeof gue == sizeof(GueHeader));
  std::memcpy(at, &gue, sizeof gue);
}

}  // namespace guideway
