// SPDX-License-Identifier: Apache-2.0
// What a plain tunnel puts in front of every packet, made once a snapshot: Ethernet and outer IPv4 header (and room for
// UDP and GUE), of which a packet only changes length, class, checksum and what tells of it alone. Plain are IP in IP
// and GUE over IPv4, from one source address and untagged, to a backend that is resolved and clamps nothing: nearly all
// that there are. The pipeline has another way for the others, which does the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ebpf/abi/backend.h"

namespace guideway {

struct alignas(64) OuterHeaders {
  std::array<std::byte, 48> bytes{};  // as they stand in the frame, with total length, class and checksum 0
  std::uint32_t checksum_words = 0;   // the sum of the IPv4 header's 16-bit words as they stand there, below 2^17
  std::uint32_t tunnel_id = 0;        // gue: UDP destination port
  std::uint16_t inner_bytes_max = 0;  // the longest packet that fits behind them; 0: this tunnel is not plain
  std::uint8_t overhead_bytes = 0;    // the outer IP header and what follows it
  std::uint8_t egress_port = 0;
};
static_assert(sizeof(OuterHeaders) == 64, "one cache line");

[[nodiscard]] bool has_plain_tunnel(const gw_backend& backend) noexcept;
// Of whatever backend.
[[nodiscard]] OuterHeaders outer_headers_of(const gw_backend& backend) noexcept;

}  // namespace guideway
