// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/completion.hh"

#include <algorithm>

#include <fmt/core.h>

#include "controlplane/cli/command_tree.hh"

namespace guideway {
namespace {

std::string quoted_path(const std::string& path) { return path.empty() ? "\"\"" : "\" " + path + "\""; }

// The branches of a case that turns the path so far and a word into the path with that command; both shells have the
// same.
std::string path_branches(const CLI::App& app, const std::string& variable) {
  std::string result;
  for (const PlacedCommand& each : every_command(app)) {
    if (each.path.empty()) continue;
    const std::string& name = each.command->get_name();
    const std::string parent = each.path.substr(0, each.path.size() - name.size());
    std::string patterns;
    for (std::size_t length = 1; length <= name.size(); ++length) {
      const auto meant = commands_that_begin_with(name.substr(0, length), *each.command->get_parent());
      if (meant.size() == 1 && meant.front() == each.command)
        patterns += (patterns.empty() ? "" : "|") + quoted_path(parent + name.substr(0, length));
    }
    result += fmt::format("      {}) {}={} ;;\n", patterns, variable, quoted_path(each.path));
  }
  return result;
}

// What may come next: commands, then this command's options and the program's own.
std::vector<std::pair<std::string, std::string>> offers_of(const CLI::App& command, const CLI::App& app) {
  std::vector<std::pair<std::string, std::string>> offers;
  for (const CLI::App* each : commands_of(command)) offers.emplace_back(each->get_name(), each->get_description());
  for (const CLI::App* level : {&command, &app}) {
    for (const CLI::Option* option : options_of(*level)) {
      for (const std::string& name : names_of(*option)) {
        const bool is_known =
            std::any_of(offers.begin(), offers.end(), [&](const auto& offer) { return offer.first == name; });
        if (!is_known) offers.emplace_back(name, option->get_description());
      }
    }
  }
  return offers;
}

// Inside of single quotes, behind a colon that zsh would take for its own.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == ':') result += '\\';
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string result =
      "# bash completion for guideway; made by `guideway completion bash`.\n"
      "_guideway() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} path=\"\" offers=\"\" i\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$path ${COMP_WORDS[i]}\" in\n" +
      path_branches(app, "path") +
      "    esac\n"
      "  done\n"
      "  case \"$path\" in\n";
  for (const PlacedCommand& each : every_command(app)) {
    std::string words;
    for (const auto& [word, what] : offers_of(*each.command, app)) words += (words.empty() ? "" : " ") + word;
    result += fmt::format("    {}) offers=\"{}\" ;;\n", quoted_path(each.path), words);
  }
  return result +
         "  esac\n"
         "  while IFS= read -r i; do COMPREPLY+=(\"$i\"); done < <(compgen -W \"$offers\" -- \"$cur\")\n"
         "  if [ ${#COMPREPLY[@]} -eq 0 ]; then\n"
         "    while IFS= read -r i; do COMPREPLY+=(\"$i\"); done < <(compgen -f -- \"$cur\")\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _guideway guideway\n";
}

std::string zsh_completion(const CLI::App& app) {
  std::string result =
      "#compdef guideway\n"
      "# zsh completion for guideway; made by `guideway completion zsh`.\n"
      "_guideway() {\n"
      "  local at=\"\" i\n"
      "  local -a offers\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    case \"$at ${words[i]}\" in\n" +
      path_branches(app, "at") +
      "    esac\n"
      "  done\n"
      "  case \"$at\" in\n";
  for (const PlacedCommand& each : every_command(app)) {
    std::string words;
    for (const auto& [word, what] : offers_of(*each.command, app))
      words += fmt::format("\n      '{}:{}'", zsh_text(word), zsh_text(what));
    result += fmt::format("    {}) offers=({}) ;;\n", quoted_path(each.path), words);
  }
  return result +
         "  esac\n"
         "  _describe 'guideway' offers || _files\n"
         "}\n"
         "compdef _guideway guideway\n";
}

}  // namespace guideway
