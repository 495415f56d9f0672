// SPDX-License-Identifier: Apache-2.0
// A look at TOML text before it is parsed: the parser recurses once a bracket and once a dot of a key, so a hostile
// file could exhaust the stack. This finds such a file without recursing.
#pragma once

#include <optional>
#include <string_view>

namespace guideway {

struct NestingFault {
  int line = 0;
  const char* message = "";
};

[[nodiscard]] std::optional<NestingFault> find_nesting_fault(std::string_view text, int depth_max);

}  // namespace guideway
