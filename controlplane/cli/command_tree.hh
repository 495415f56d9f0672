// SPDX-License-Identifier: Apache-2.0
// The commands and options of the program as CLI11 holds them, for what is made from them: completion, the manual page,
// and commands that are cut short.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace guideway {

[[nodiscard]] inline std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// Those with a name that begins with a dash.
[[nodiscard]] std::vector<const CLI::Option*> options_of(const CLI::App& app);
// Those that go by their place.
[[nodiscard]] std::vector<const CLI::Option*> operands_of(const CLI::App& app);
// "-f", "--follow".
[[nodiscard]] std::vector<std::string> names_of(const CLI::Option& option);
[[nodiscard]] inline bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// Those that `word` may mean: the one that has this name, or all whose names begin so.
[[nodiscard]] std::vector<const CLI::App*> commands_that_begin_with(const std::string& word, const CLI::App& app);

struct PlacedCommand {
  const CLI::App* command;
  std::string path;  // "backend drain"; empty: the program itself
};
// The program, then every command below it, in order.
[[nodiscard]] std::vector<PlacedCommand> every_command(const CLI::App& app);

}  // namespace guideway
