// SPDX-License-Identifier: Apache-2.0
// IPv6 header and the extension headers that stand in front of TCP and UDP (RFC 8200).
#pragma once

#include <array>

#include "dataplane/net/endian.hh"

namespace guideway {

struct Ipv6Header {
  be32 version_class_and_label;
  be16 payload_length;
  std::uint8_t next_header;
  std::uint8_t hop_limit;
  std::array<std::uint8_t, 16> source;
  std::array<std::uint8_t, 16> destination;

  [[nodiscard]] unsigned version() const noexcept { return version_class_and_label.host() >> 28U; }
  [[nodiscard]] std::uint8_t traffic_class() const noexcept {
    return static_cast<std::uint8_t>(version_class_and_label.host() >> 20U);
  }
  [[nodiscard]] std::uint32_t payload_bytes() const noexcept { return payload_length.host(); }
};
static_assert(sizeof(Ipv6Header) == 40 && alignof(Ipv6Header) == 1);

// Hop-by-hop options, routing and destination options share this start (RFC 8200 section 4).
struct Ipv6ExtensionHeader {
  std::uint8_t next_header;
  std::uint8_t length_octuples_less_one;  // in units of 8 bytes, the first not counted

  [[nodiscard]] std::uint32_t header_bytes() const noexcept { return (length_octuples_less_one + 1U) * 8U; }
};

struct Ipv6FragmentHeader {
  std::uint8_t next_header;
  std::uint8_t reserved;
  be16 offset_and_more;
  be32 identification;

  // Neither offset nor more-fragments: an atomic fragment (RFC 6946) is a whole packet.
  [[nodiscard]] bool is_atomic() const noexcept { return (offset_and_more.host() & 0xfff9U) == 0; }
  [[nodiscard]] bool has_offset() const noexcept { return (offset_and_more.host() & 0xfff8U) != 0; }
};
static_assert(sizeof(Ipv6FragmentHeader) == 8);

namespace next_header {
inline constexpr std::uint8_t hop_by_hop = 0;
inline constexpr std::uint8_t icmp = 1;
inline constexpr std::uint8_t ipv4 = 4;
inline constexpr std::uint8_t tcp = 6;
inline constexpr std::uint8_t udp = 17;
inline constexpr std::uint8_t ipv6 = 41;
inline constexpr std::uint8_t routing = 43;
inline constexpr std::uint8_t fragment = 44;
inline constexpr std::uint8_t gre = 47;
inline constexpr std::uint8_t icmpv6 = 58;
inline constexpr std::uint8_t destination_options = 60;
}  // namespace next_header

}  // namespace guideway
