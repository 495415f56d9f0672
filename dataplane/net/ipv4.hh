// SPDX-License-Identifier: Apache-2.0
// IPv4 header (RFC 791).
#pragma once

#include <array>

#include "dataplane/net/endian.hh"

namespace guideway {

struct Ipv4Header {
  std::uint8_t version_and_ihl;
  std::uint8_t dscp_and_ecn;
  be16 total_length;
  be16 identification;
  be16 flags_and_fragment_offset;
  std::uint8_t time_to_live;
  std::uint8_t protocol;
  be16 checksum;  // as computed over the header's bytes, see checksum.hh
  std::array<std::uint8_t, 4> source;
  std::array<std::uint8_t, 4> destination;

  [[nodiscard]] unsigned version() const noexcept { return version_and_ihl >> 4U; }
  [[nodiscard]] std::uint32_t header_bytes() const noexcept { return (version_and_ihl & 0x0fU) * 4U; }
  [[nodiscard]] std::uint32_t total_bytes() const noexcept { return total_length.host(); }
  [[nodiscard]] bool is_fragment() const noexcept { return (flags_and_fragment_offset.host() & 0x3fffU) != 0; }
  [[nodiscard]] bool has_offset() const noexcept { return (flags_and_fragment_offset.host() & 0x1fffU) != 0; }
  [[nodiscard]] bool forbids_fragments() const noexcept { return (flags_and_fragment_offset.host() & 0x4000U) != 0; }
};
static_assert(sizeof(Ipv4Header) == 20 && alignof(Ipv4Header) == 1);

inline constexpr std::uint16_t ipv4_dont_fragment = 0x4000;
// Of packets that are ours: what a tunnel puts around others, and answers; in IPv6 too.
inline constexpr std::uint8_t own_hop_limit = 64;

}  // namespace guideway
