// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071) of an IPv4 header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace guideway {

// One's complement sum over `length_bytes` (a multiple of 4), folded to 16 bits, not inverted. The sum is the same
// in either byte order (RFC 1071 section 2 B), so memory order in gives memory order out.
[[nodiscard]] inline std::uint16_t header_sum(const void* bytes, std::uint32_t length_bytes) noexcept {
  std::uint64_t sum = 0;
  const auto* at = static_cast<const std::byte*>(bytes);
  for (std::uint32_t offset = 0; offset < length_bytes; offset += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, at + offset, sizeof word);
    sum += word;
  }
  sum = (sum & 0xffffffffU) + (sum >> 32U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(sum);
}

// The value to store in a header whose checksum field is zero.
[[nodiscard]] inline std::uint16_t header_checksum(const void* bytes, std::uint32_t length_bytes) noexcept {
  return static_cast<std::uint16_t>(~header_sum(bytes, length_bytes));
}

// Whether a header that carries its checksum is right.
[[nodiscard]] inline bool header_checksum_holds(const void* bytes, std::uint32_t length_bytes) noexcept {
  return header_sum(bytes, length_bytes) == 0xffffU;
}

}  // namespace guideway
