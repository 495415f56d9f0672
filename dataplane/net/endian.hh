// SPDX-License-Identifier: Apache-2.0
// Byte order as a type: a number that lies in network order cannot be used as one that does not. Packed, so that
// structures made of it describe headers at any address.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

namespace guideway {

constexpr std::uint16_t swap_bytes(std::uint16_t value) noexcept { return __builtin_bswap16(value); }
constexpr std::uint32_t swap_bytes(std::uint32_t value) noexcept { return __builtin_bswap32(value); }
constexpr std::uint64_t swap_bytes(std::uint64_t value) noexcept { return __builtin_bswap64(value); }

template <std::unsigned_integral T>
class [[gnu::packed]] be {
 public:
  be() noexcept = default;
  constexpr explicit be(T host) noexcept : raw_(swap_bytes(host)) {}
  // From and to the shared ABI, whose fields named *_be16 or *_be32 hold network order in a plain integer.
  [[nodiscard]] static constexpr be from_raw(T raw) noexcept {
    be value;
    value.raw_ = raw;
    return value;
  }
  [[nodiscard]] constexpr T raw() const noexcept { return raw_; }
  [[nodiscard]] constexpr T host() const noexcept { return swap_bytes(raw_); }
  friend constexpr bool operator==(be, be) noexcept = default;

 private:
  T raw_;
};

using be16 = be<std::uint16_t>;
using be32 = be<std::uint32_t>;
static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(be16) == 2 && sizeof(be32) == 4);

}  // namespace guideway
