// SPDX-License-Identifier: Apache-2.0
// What a server said, for terminals and logs: its first bytes, with a dot for each that is not printable ASCII.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace guideway {

[[nodiscard]] inline std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string result(text.substr(0, bytes_max));
  for (char& c : result) c = c >= 0x20 && c < 0x7f ? c : '.';
  return result;
}

}  // namespace guideway
