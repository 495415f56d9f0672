// SPDX-License-Identifier: Apache-2.0
// What a command line asks for, as values: parsing, asking the daemon and printing know nothing of each other but this.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/cli/session.hh"
#include "controlplane/replay/command.hh"

namespace guideway {

// Every command that changes something: the edit as the API takes it, and what to say once it is durable.
struct EditCommand {
  nlohmann::json edit;
  std::string done;
  bool shows_changes = false;  // what it changed is not plain from the line
};
// Every other command, as what it does.
using Action = std::function<int(Session& session)>;

struct Invocation {
  ApiAddress api = "/run/guideway/api.sock";
  bool json = false;
  std::vector<std::string> columns;
  double watch_s = 0;       // 0: once
  bool may_repeat = false;  // it only shows something
  // Of what changes something:
  std::optional<std::uint64_t> if_generation;
  bool dry_run = false;
  std::variant<Action, EditCommand, ReplayCommand> command;
};

// Exit statuses, the same for every command; docs/cli.md promises them.
inline constexpr int exit_ok = 0;
inline constexpr int exit_refused = 1;      // the daemon or a check said no; nothing was changed
inline constexpr int exit_usage = 2;        // the command line makes no sense
inline constexpr int exit_unreachable = 3;  // no daemon behind the socket

// When there is nothing to run: help was asked for, or the command line is wrong.
struct NothingToRun {
  int exit_status = exit_usage;
  std::string output;  // for standard output
  std::string error;   // one sentence for standard error
};

struct ParsedCommandLine {
  std::optional<Invocation> invocation;
  NothingToRun otherwise;
};

// `arguments` without the program's name.
[[nodiscard]] ParsedCommandLine parse_command_line(const std::vector<std::string>& arguments);

}  // namespace guideway
