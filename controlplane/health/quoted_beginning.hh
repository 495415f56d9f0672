// SPDX-License-Identifier: Apache-2.0
// The first line of what a server said, in quotes, printable and not too long, for people.
#pragma once

#include <string>
#include <string_view>

#include "controlplane/health/printable.hh"

namespace guideway {

[[nodiscard]] inline std::string quoted_beginning(std::string_view bytes) {
  constexpr std::size_t shown_max = 60;
  const std::string_view line = bytes.substr(0, bytes.find_first_of("\r\n"));
  const bool is_cut = line.size() >= shown_max && bytes.size() > shown_max;
  return '"' + printable(line, shown_max) + (is_cut ? "...\"" : "\"");
}

}  // namespace guideway
