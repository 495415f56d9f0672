// SPDX-License-Identifier: Apache-2.0
// A frame that is nothing but its length and one byte again and again: for what carries frames and reads none.
#pragma once

#include <cstddef>
#include <vector>

namespace guideway {

inline std::vector<std::byte> filled_frame(std::size_t length, unsigned char fill) {
  return std::vector<std::byte>(length, static_cast<std::byte>(fill));
}

}  // namespace guideway
