// SPDX-License-Identifier: Apache-2.0
// Every command and option of the program, found by walking through its --help: independent of how the program itself
// goes through them.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <sstream>
#include <string>

namespace guideway {

// Of a shell's command: all that it prints.
inline std::string output_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) text += static_cast<char>(c);
  return text;
}

struct CommandWalk {
  std::set<std::string> commands;  // " backend", " backend list"
  std::set<std::string> options;   // " backend list --json"
  std::set<std::string> leaves;    // commands without further ones below

  void below(const std::string& path) {
    std::istringstream help(output_of(std::string(std::getenv("GUIDEWAY_PROGRAM")) + path + " --help"));
    bool in_commands = false;
    bool is_leaf = true;
    for (std::string line; std::getline(help, line);) {
      if (line == "Subcommands:")
        in_commands = true;
      else if (line.empty() || line[0] != ' ')
        in_commands = false;
      if (line.size() < 3 || line.rfind("  ", 0) != 0 || line[2] == ' ') continue;
      const std::string word = line.substr(2, line.find_first_of(" ,=[", 2) - 2);
      if (in_commands) {
        is_leaf = false;
        commands.insert(path + " " + word);
        below(path + " " + word);
      } else if (word.rfind("--", 0) == 0) {
        options.insert(path + " " + word);
      }
    }
    if (is_leaf) leaves.insert(path);
  }
};

// Walked through once.
inline const CommandWalk& command_walk() {
  static const CommandWalk walk = [] {
    CommandWalk result;
    result.below("");
    return result;
  }();
  return walk;
}

}  // namespace guideway
