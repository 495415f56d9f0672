// SPDX-License-Identifier: Apache-2.0
// What a group of verbs is built with: commands, their options, and what they make of a line. The words of a command
// live in a state that its callbacks share (std::make_shared), since a line has one command at the most.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "controlplane/cli/invocation.hh"
#include "controlplane/cli/key_options.hh"
#include "dataplane/base/result.hh"

namespace guideway {

class Grammar {
 public:
  Grammar(CLI::App& app, Invocation& invocation) : app_(app), invocation_(invocation) {}

  [[nodiscard]] CLI::App& app() { return app_; }
  [[nodiscard]] Invocation& invocation() { return invocation_; }

  // `example` stands below its --help. Without `done` it is only good for the commands below it.
  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& what, const char* example,
                std::function<void()> done = {});
  // A command that changes something: it takes --if-generation and --dry-run.
  CLI::App* add_change(CLI::App& parent, const std::string& name, const std::string& what, const char* example,
                       std::function<void()> done);
  // What the line asks for.
  void run(Action action) { invocation_.command = std::move(action); }
  // The same, where it only shows something: it may be done again and again.
  void show(Action action) {
    invocation_.may_repeat = true;
    run(std::move(action));
  }
  void edit(nlohmann::json document, std::string done, bool shows_changes = false) {
    invocation_.command = EditCommand{std::move(document), std::move(done), shows_changes};
  }

 private:
  CLI::App& app_;
  Invocation& invocation_;
};

// An option whose value, if given, becomes a key of `keys`, which lives as long as the command.
void add_key_option(CLI::App& command, const KeyOption& option, nlohmann::json& keys);

// A mistake that CLI11 cannot see, as an error of its kind.
[[noreturn]] void refuse(const std::string& message);

template <typename T>
T must(const Result<T>& result) {
  if (!result) refuse(result.error().message);
  return *result;
}

}  // namespace guideway
