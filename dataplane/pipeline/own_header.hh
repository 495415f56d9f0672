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

inline void write_own_header(std::byte* at, const OwnHeader& own) noexcept {
  constexpr std::uint8_t hop_limit = 64;
  if (own.family == GW_FAMILY_IPV4) {
    Ipv4Header header{};
    header.version_and_ihl = 0x45;
    header.dscp_and_ecn = own.traffic_class;
    header.total_length = be16(static_cast<std::uint16_t>(own.payload_bytes + sizeof header));
    header.identification = be16(0);  // allowed with DF (RFC 6864)
    header.flags_and_fragment_offset = be16(ipv4_dont_fragment);
    header.time_to_live = hop_limit;
    header.protocol = own.protocol;
    header.checksum = be16(0);
    std::memcpy(header.source.data(), own.source.data(), header.source.size());
    std::memcpy(header.destination.data(), own.destination.data(), header.destination.size());
    header.checksum = be16::from_raw(header_checksum(&header, sizeof header));
    std::memcpy(at, &header, sizeof header);
    return;
  }
  Ipv6Header header{};
  header.version_class_and_label = be32(6U << 28U | std::uint32_t{own.traffic_class} << 20U | own.flow_label);
  header.payload_length = be16(static_cast<std::uint16_t>(own.payload_bytes));
  header.next_header = own.protocol;
  header.hop_limit = hop_limit;
  header.source = own.source;
  header.destination = own.destination;
  std::memcpy(at, &header, sizeof header);
}

}  // namespace guideway
