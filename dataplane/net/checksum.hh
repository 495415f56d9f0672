// SPDX-License-Identifier: Apache-2.0
// The Internet checksum: computed (RFC 1071) and updated (RFC 1624). The sum is the same in either byte order
// (RFC 1071 section 2 B), so everything here is in memory order: words as they lie in the packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace guideway {

// A sum on its way: 32-bit words are added up, folded at the end.
[[nodiscard]] constexpr std::uint16_t fold_sum(std::uint64_t sum) noexcept {
  sum = (sum & 0xffffffffU) + (sum >> 32U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(sum);
}

// The sum over any number of bytes up to 64 KB, not folded; a last odd one counts as if a zero followed.
[[nodiscard]] inline std::uint64_t sum_of_bytes(const void* bytes, std::uint32_t length_bytes) noexcept {
  std::uint64_t sum = 0;
  const auto* at = static_cast<const std::byte*>(bytes);
  while (length_bytes >= 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, at, sizeof word);
    sum += word;
    at += 4;
    length_bytes -= 4;
  }
  std::uint32_t rest = 0;
  if (length_bytes != 0) std::memcpy(&rest, at, length_bytes);
  return sum + rest;
}

// The same for the 20 bytes that nearly every IPv4 header has: no loop, so that the loads overlap.
[[nodiscard]] inline std::uint64_t sum_of_20_bytes(const void* bytes) noexcept {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::uint32_t last = 0;
  const auto* at = static_cast<const std::byte*>(bytes);
  std::memcpy(&first, at, sizeof first);
  std::memcpy(&second, at + 8, sizeof second);
  std::memcpy(&last, at + 16, sizeof last);
  return (first & 0xffffffffU) + (first >> 32U) + (second & 0xffffffffU) + (second >> 32U) + last;
}

// The value to store in a header whose checksum field is zero.
[[nodiscard]] inline std::uint16_t header_checksum(const void* bytes, std::uint32_t length_bytes) noexcept {
  return static_cast<std::uint16_t>(~fold_sum(sum_of_bytes(bytes, length_bytes)));
}

// Whether fold_sum() of it is 0xffff, which is whether it is a multiple of 0xffff other than 0: divided by its inverse
// modulo 2^64 (Granlund and Montgomery 1994, section 9), since folding is a chain of steps that wait for each other.
[[nodiscard]] constexpr bool folds_to_ones(std::uint64_t sum) noexcept {
  constexpr std::uint64_t inverse = 0xfffefffefffeffffULL;
  static_assert(inverse * 0xffffU == 1);
  return sum != 0 && sum * inverse <= ~std::uint64_t{0} / 0xffffU;
}

// Whether a header that carries its checksum is right.
[[nodiscard]] inline bool header_checksum_holds(const void* bytes, std::uint32_t length_bytes) noexcept {
  return folds_to_ones(length_bytes == 20 ? sum_of_20_bytes(bytes) : sum_of_bytes(bytes, length_bytes));
}

// The checksum after words that add up to `before` became words that add up to `after` (RFC 1624, equation 3).
[[nodiscard]] constexpr std::uint16_t updated_checksum(std::uint16_t checksum, std::uint64_t before,
                                                       std::uint64_t after) noexcept {
  const auto kept = static_cast<std::uint16_t>(~checksum);
  const auto gone = static_cast<std::uint16_t>(~fold_sum(before));
  return static_cast<std::uint16_t>(~fold_sum(std::uint64_t{kept} + gone + fold_sum(after)));
}

}  // namespace guideway
