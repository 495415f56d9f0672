// SPDX-License-Identifier: Apache-2.0
// A value in a log line: quoted where it is not one plain word, so that lines split at spaces.
#pragma once

#include <string>
#include <string_view>

namespace guideway {

[[nodiscard]] inline std::string log_value(std::string_view value) {
  if (!value.empty() && value.find_first_of(" \"=\\\n") == std::string_view::npos) return std::string(value);
  std::string result = "\"";
  for (const char each : value) {
    if (each == '"' || each == '\\') result.push_back('\\');
    result.push_back(each == '\n' ? ' ' : each);
  }
  return result + "\"";
}

}  // namespace guideway
