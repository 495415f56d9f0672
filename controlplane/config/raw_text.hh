// SPDX-License-Identifier: Apache-2.0
// A look at TOML text before it is parsed. toml11 recurses once a bracket and once a dot of a key, so a hostile file
// could exhaust the stack; it reads past the end of a string that is not UTF-8; and it copies the whole line once a
// value, so that a list of 20,000 backends in one line took 40 s. None of these gets that far.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace guideway {

struct RawTextFault {
  int line = 0;
  const char* message = "";
};

// Anything but UTF-8, or a control character other than tab and the ends of lines.
[[nodiscard]] std::optional<RawTextFault> find_character_fault(std::string_view text);
[[nodiscard]] std::optional<RawTextFault> find_line_fault(std::string_view text, std::size_t length_max);
[[nodiscard]] std::optional<RawTextFault> find_nesting_fault(std::string_view text, int depth_max);

}  // namespace guideway
