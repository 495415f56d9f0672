// SPDX-License-Identifier: Apache-2.0
// The IP header of a packet that is ours: a tunnel's outer one, or that of an answer. No options, nothing that could be
// fragmented on its way.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "dataplane/net/checksum.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "ebpf/abi/flow_key.h"

namespace guideway {

struct OwnHeader {
  std::uint8_t family = 0;
  std::uint8_t protocol = 0;
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;  // IPv6
  std::uint32_t payload_bytes = 0;
  std::array<std::uint8_t, 16> source{};
  std::array<std::uint8_t, 16> destination{};
};

[[nodiscard]] inline std::uint32_t own_header_bytes(std::uint8_t family) noexcept {
  return family == GW_FAMILY_IPV4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header);
}

// Headers are put together in registers and written in whole words: a header that is filled field by field and then
// read for its checksum waits for its own stores, which was half of what a tunnel cost.
inline void write_own_ipv4_header(std::byte* at, const OwnHeader& own) noexcept {
  std::uint32_t source;
  std::uint32_t destination;
  std::memcpy(&source, own.source.data(), sizeof source);
  std::memcpy(&destination, own.destination.data(), sizeof destination);
  const be16 length(static_cast<std::uint16_t>(own.payload_bytes + sizeof(Ipv4Header)));
  constexpr be16 dont_fragment(ipv4_dont_fragment);
  // The identification is 0, as it may be with DF (RFC 6864).
  const std::uint64_t first = 0x45U | std::uint64_t{own.traffic_class} << 8U | std::uint64_t{length.raw()} << 16U |
                              std::uint64_t{dont_fragment.raw()} << 48U;
  std::uint64_t second = own_hop_limit | std::uint64_t{own.protocol} << 8U | std::uint64_t{source} << 32U;
  const std::uint64_t sum =
      (first & 0xffffffffU) + (first >> 32U) + (second & 0xffffffffU) + (second >> 32U) + destination;
  second |= std::uint64_t{static_cast<std::uint16_t>(~fold_sum(sum))} << 16U;
  std::memcpy(at, &first, sizeof first);
  std::memcpy(at + 8, &second, sizeof second);
  std::memcpy(at + 16, &destination, sizeof destination);
}

inline void write_own_ipv6_header(std::byte* at, const OwnHeader& own) noexcept {
  const be32 begin(6U << 28U | std::uint32_t{own.traffic_class} << 20U | own.flow_label);
  const be16 length(static_cast<std::uint16_t>(own.payload_bytes));
  const std::uint64_t first = begin.raw() | std::uint64_t{length.raw()} << 32U | std::uint64_t{own.protocol} << 48U |
                              std::uint64_t{own_hop_limit} << 56U;
  std::memcpy(at, &first, sizeof first);
  std::memcpy(at + 8, own.source.data(), own.source.size());
  std::memcpy(at + 24, own.destination.data(), own.destination.size());
}

inline void write_own_header(std::byte* at, const OwnHeader& own) noexcept {
  if (own.family == GW_FAMILY_IPV4) return write_own_ipv4_header(at, own);
  write_own_ipv6_header(at, own);
}

}  // namespace guideway
