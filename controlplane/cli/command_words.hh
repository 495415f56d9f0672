// SPDX-License-Identifier: Apache-2.0
// A line of a file, split into words as a shell would: quotes keep spaces, a backslash keeps the next character, and a
// # at the beginning of a word ends the line. Nothing is expanded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.hh"

namespace guideway {

[[nodiscard]] Result<std::vector<std::string>> command_words(std::string_view line);

}  // namespace guideway
