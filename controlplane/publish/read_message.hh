// SPDX-License-Identifier: Apache-2.0
// Messages of the door as they come.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>

namespace guideway::door {

// Nothing if it has another length.
template <typename Message>
[[nodiscard]] std::optional<Message> message_of(std::span<const std::byte> bytes) {
  Message message;
  if (bytes.size() != sizeof message) return std::nullopt;
  std::memcpy(&message, bytes.data(), sizeof message);
  return message;
}

// Up to the 0 that ends it.
template <std::size_t size>
[[nodiscard]] std::string text_of(const std::array<char, size>& characters) {
  return std::string(characters.begin(), std::find(characters.begin(), characters.end(), '\0'));
}

}  // namespace guideway::door
