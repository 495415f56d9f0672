// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/command_tree.hh"

namespace guideway {
namespace {

void add_below(const CLI::App& app, const std::string& path, std::vector<PlacedCommand>& to) {
  to.push_back({&app, path});
  for (const CLI::App* command : commands_of(app))
    add_below(*command, path.empty() ? command->get_name() : path + " " + command->get_name(), to);
}

}  // namespace

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->nonpositional(); });
}

std::vector<const CLI::Option*> operands_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<const CLI::App*> commands_that_begin_with(const std::string& word, const CLI::App& app) {
  std::vector<const CLI::App*> result;
  for (const CLI::App* command : commands_of(app)) {
    if (command->get_name() == word) return {command};
    if (!word.empty() && command->get_name().rfind(word, 0) == 0) result.push_back(command);
  }
  return result;
}

std::vector<PlacedCommand> every_command(const CLI::App& app) {
  std::vector<PlacedCommand> result;
  add_below(app, "", result);
  return result;
}

}  // namespace guideway
