// SPDX-License-Identifier: Apache-2.0
// A line as CLI11 sees it, and what is said of a wrong one.
#include <algorithm>
#include <sstream>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "controlplane/cli/datapath_verbs.hh"
#include "controlplane/cli/full_commands.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/invocation.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

constexpr const char* examples =
    "Exit status: 0 done, 1 refused or failed, 2 the command line is wrong, 3 guidewayd cannot be reached.\n\n"
    "Examples:\n"
    "  guideway status\n"
    "  guideway service add web --address 192.0.2.10 --port 80 --backend 10.0.0.1 --backend 10.0.0.2\n"
    "  guideway backend drain web 10.0.0.2\n"
    "  guideway explain tcp 203.0.113.7:40000 192.0.2.10:80";

// `grammar` must outlive the parsing: what the verbs add calls back to it.
void build(CLI::App& app, Invocation& invocation, Grammar& grammar) {
  app.set_version_flag("--version", GUIDEWAY_VERSION);
  app.add_option("--api", invocation.api.where, "The socket of guidewayd, or https://ADDRESS:PORT")
      ->envname("GUIDEWAY_API")
      ->capture_default_str();
  app.add_option("--certificate", invocation.api.certificate, "With https: the certificate to show, in PEM")
      ->envname("GUIDEWAY_CERTIFICATE");
  app.add_option("--key", invocation.api.key, "With https: its key")->envname("GUIDEWAY_KEY");
  app.add_option("--ca", invocation.api.ca, "With https: who has signed guidewayd's certificate")
      ->envname("GUIDEWAY_CA");
  app.add_flag("--json", invocation.json, "Print JSON, for programs");
  app.add_option("--columns", invocation.columns, "Of a list only these, such as name,state; the keys of --json")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--watch", invocation.watch_s, "Show it again and again, every 2 seconds or as many as are given")
      ->check(CLI::Range(0.1, 86400.0));
  app.footer(examples);
  app.require_subcommand(1);
  app.fallthrough();
  add_status_verb(grammar);
  add_service_verbs(grammar);
  add_pool_verbs(grammar);
  add_backend_verbs(grammar);
  add_host_verbs(grammar);
  add_batch_verb(grammar);
  add_config_verbs(grammar);
  add_explain_verb(grammar);
  add_flows_verb(grammar);
  add_capture_verb(grammar);
  add_stats_verb(grammar);
  add_top_verb(grammar);
  add_events_verb(grammar);
  add_warnings_verb(grammar);
  add_replay_verb(grammar);
  add_datapath_verbs(grammar);
  add_ipvsadm_verb(grammar);
  add_completion_verb(grammar);
}

// --watch may stand without a value, in front of a command as well: CLI11 would take that for the value.
std::vector<std::string> with_watch_value(std::vector<std::string> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != "--watch") continue;
    const bool has_value = i + 1 < words.size() && words[i + 1].find_first_not_of("0123456789.") == std::string::npos;
    words[i] = "--watch=" + (has_value ? words[i + 1] : std::string("2"));
    if (has_value) words.erase(words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
  return words;
}

// CLI11's messages as the rest of the program writes them: one line, no full stop.
std::string sentence(std::string text) {
  for (char& c : text) c = c == '\n' ? ' ' : c;
  return text;
}

// CLI11 calls a command it does not know a missing one.
std::string complaint(const CLI::App& app, const CLI::Error& error) {
  if (dynamic_cast<const CLI::RequiredError*>(&error) == nullptr) return sentence(error.what());
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  std::string known;
  for (const CLI::App* command : at->get_subcommands([](const CLI::App*) { return true; }))
    known += (known.empty() ? "" : ", ") + command->get_name();
  if (known.empty()) return sentence(error.what());
  const auto unknown = app.remaining(true);
  return unknown.empty() ? fmt::format("a command is missing; give one of {}", known)
                         : fmt::format("\"{}\" is not a command; give one of {}", unknown.front(), known);
}

}  // namespace

ParsedCommandLine parse_command_line(const std::vector<std::string>& arguments) {
  CLI::App app("Guideway: packets for a service address, spread over backends", "guideway");
  Invocation invocation;
  Grammar grammar(app, invocation);
  build(app, invocation, grammar);
  ParsedCommandLine parsed;
  const auto words = full_commands(app, with_watch_value(arguments));
  if (!words) {
    parsed.otherwise = {exit_usage, "", words.error().message};
    return parsed;
  }
  std::vector<std::string> reversed(words->rbegin(), words->rend());  // CLI11 takes them from the end
  try {
    app.parse(std::move(reversed));
    parsed.invocation = std::move(invocation);
  } catch (const CLI::Error& error) {
    std::ostringstream output;
    std::ostringstream ignored;
    const bool is_help = app.exit(error, output, ignored) == 0;
    parsed.otherwise = {is_help ? exit_ok : exit_usage, output.str(),
                        is_help ? "" : fmt::format("{} (try --help)", complaint(app, error))};
  }
  return parsed;
}

}  // namespace guideway
