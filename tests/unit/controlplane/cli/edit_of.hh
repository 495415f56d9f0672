// SPDX-License-Identifier: Apache-2.0
// The edit that a command line asks for; null if it asks for something else.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "controlplane/cli/invocation.hh"

namespace guideway {

inline nlohmann::json edit_of(const std::vector<std::string>& words) {
  const auto parsed = parse_command_line(words);
  EXPECT_TRUE(parsed.invocation.has_value()) << parsed.otherwise.error;
  const auto* command = parsed.invocation ? std::get_if<EditCommand>(&parsed.invocation->command) : nullptr;
  return command == nullptr ? nlohmann::json(nullptr) : command->edit;
}

}  // namespace guideway
