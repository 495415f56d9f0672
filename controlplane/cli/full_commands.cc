// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/full_commands.hh"

#include <fmt/core.h>

#include "controlplane/cli/command_tree.hh"

namespace guideway {
namespace {

// Whether the next word belongs to this option.
bool takes_next_word(const CLI::App& at, const CLI::App& app, const std::string& word) {
  if (word.find('=') != std::string::npos) return false;
  for (const CLI::App* each : {&at, &app}) {
    const CLI::Option* option = each->get_option_no_throw(word);
    if (option != nullptr) return takes_value(*option);
  }
  return false;
}

}  // namespace

Result<std::vector<std::string>> full_commands(const CLI::App& app, std::vector<std::string> words) {
  const CLI::App* at = &app;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i].rfind('-', 0) == 0) {
      if (takes_next_word(*at, app, words[i])) ++i;
      continue;
    }
    const auto meant = commands_that_begin_with(words[i], *at);
    if (meant.empty()) break;  // a word of the command, or a wrong one
    if (meant.size() > 1) {
      std::string names;
      for (const CLI::App* each : meant) names += (names.empty() ? "" : ", ") + each->get_name();
      return failure(fmt::format("\"{}\" may be {}; write more of it", words[i], names));
    }
    at = meant.front();
    words[i] = at->get_name();
    // Another program's words are its own.
    if (commands_of(*at).empty()) break;
  }
  return words;
}

}  // namespace guideway
