// SPDX-License-Identifier: Apache-2.0
// The first line of what a server said, in quotes, printable and not too long, for people.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace guideway {

[[nodiscard]] inline std::string quoted_beginning(std::string_view bytes) {
  constexpr std::size_t shown_max = 60;
  std::string text = "\"";
  std::size_t shown = 0;
  for (; shown < std::min(bytes.size(), shown_max) && bytes[shown] != '\r' && bytes[shown] != '\n'; ++shown)
    text += bytes[shown] >= 0x20 && bytes[shown] < 0x7f ? bytes[shown] : '.';
  return text + (shown == shown_max && shown < bytes.size() ? "...\"" : "\"");
}

}  // namespace guideway
