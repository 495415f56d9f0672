// SPDX-License-Identifier: Apache-2.0
// The bytes of a packet from some header on, up to the end that the header before it gave. Whoever reads through a
// cursor cannot read beyond that end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guideway {

class HeaderCursor {
 public:
  HeaderCursor(const std::byte* at, std::uint32_t left_bytes) noexcept : at_(at), left_bytes_(left_bytes) {}

  // The header that stands here, or null if not all of it does.
  template <typename Header>
  [[nodiscard]] const Header* peek() const noexcept {
    static_assert(alignof(Header) <= 2);
    return left_bytes_ < sizeof(Header) ? nullptr : reinterpret_cast<const Header*>(at_);
  }
  [[nodiscard]] bool skip(std::uint32_t bytes) noexcept {
    if (bytes > left_bytes_) return false;
    at_ += bytes;
    left_bytes_ -= bytes;
    return true;
  }
  void end_after(std::uint32_t bytes) noexcept { left_bytes_ = bytes; }
  [[nodiscard]] std::uint32_t left_bytes() const noexcept { return left_bytes_; }
  [[nodiscard]] const std::byte* at() const noexcept { return at_; }

 private:
  const std::byte* at_;
  std::uint32_t left_bytes_;
};

}  // namespace guideway
