// SPDX-License-Identifier: Apache-2.0
// Commands that are cut short: "back l" is "backend list", as long as only one command begins so.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "dataplane/base/result.hh"

namespace guideway {

// The words with every command spelled out; words that are no beginning of a command stay as they are.
[[nodiscard]] Result<std::vector<std::string>> full_commands(const CLI::App& app, std::vector<std::string> words);

}  // namespace guideway
