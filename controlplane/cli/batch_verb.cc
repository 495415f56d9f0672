// SPDX-License-Identifier: Apache-2.0
// `batch`: commands of a file as one transaction.
#include <fstream>
#include <iostream>
#include <memory>
#include <ostream>

#include <fmt/core.h>

#include "controlplane/cli/command_words.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

using nlohmann::json;

constexpr const char* batch_example =
    "Each line is a command that changes something, without `guideway` in front: service add, backend drain and so "
    "on.\n"
    "Empty lines and what follows a # are left out; words with spaces stand in quotes. All of them are made in order, "
    "as\n"
    "one change, or none is: neither the datapath nor the state on disk ever sees a part.\n\n"
    "Examples:\n"
    "  guideway batch changes.txt --dry-run\n"
    "  printf 'backend drain web b1\\nbackend weight web b2 5\\n' | guideway batch -";

// The edits of a file, or the first line that is none.
Result<json> edits_of(std::istream& stream, const std::string& file) {
  json edits = json::array();
  std::string line;
  for (std::size_t number = 1; std::getline(stream, line); ++number) {
    const auto words = command_words(line);
    if (!words) return failure(fmt::format("{}:{}: {}", file, number, words.error().message));
    if (words->empty()) continue;
    const ParsedCommandLine parsed = parse_command_line(*words);
    if (!parsed.invocation) {
      const std::string& error = parsed.otherwise.error;
      return failure(fmt::format("{}:{}: {}", file, number, error.empty() ? "this only asks for help" : error));
    }
    const auto* command = std::get_if<EditCommand>(&parsed.invocation->command);
    if (command == nullptr) {
      return failure(
          fmt::format("{}:{}: \"{}\" changes nothing that a batch can hold; give edits only, such as "
                      "service add or backend drain",
                      file, number, words->front()));
    }
    if (parsed.invocation->if_generation || parsed.invocation->dry_run)
      return failure(
          fmt::format("{}:{}: --if-generation and --dry-run are of the whole batch; give them to batch", file, number));
    edits.push_back(command->edit);
  }
  if (edits.empty()) return failure(file + ": there is no command in it");
  return edits;
}

Result<json> edits_in(const std::string& file) {
  if (file == "-") return edits_of(std::cin, "standard input");
  std::ifstream stream(file);
  if (!stream) return failure(file + " cannot be read");
  return edits_of(stream, file);
}

int run_batch(Session& session, const std::string& file, bool is_dry_run) {
  const auto edits = edits_in(file);
  if (!edits) {
    session.error() << "guideway: " << edits.error().message << "\n";
    return exit_usage;
  }
  return session.change("/v1/edits", {{"edits", *edits}, {"dry_run", is_dry_run}}, [&](const json& answer) {
    return changes_text(answer) + warnings_text(answer) +
           fmt::format("{} edits {}\n", edits->size(), is_dry_run ? "would be made" : "are made, as one change");
  });
}

}  // namespace

void add_batch_verb(Grammar& grammar) {
  auto file = std::make_shared<std::string>();
  CLI::App* command = grammar.add_change(
      grammar.app(), "batch", "Several commands as one change, all or nothing", batch_example, [&grammar, file] {
        grammar.run([file, is_dry_run = grammar.invocation().dry_run](Session& session) {
          return run_batch(session, *file, is_dry_run);
        });
      });
  command->add_option("FILE", *file, "A command a line; - for standard input")->required();
}

}  // namespace guideway
