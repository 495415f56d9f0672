// SPDX-License-Identifier: Apache-2.0
// `config show|check|diff|apply|export|history|rollback`.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include <fmt/core.h>

#include "controlplane/cli/edit_forms.hh"
#include "controlplane/cli/field.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/moment.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/cli/text_table.hh"
#include "controlplane/cli/verbs.hh"
#include "controlplane/config/diff.hh"
#include "controlplane/config/load.hh"
#include "controlplane/config/toml_text.hh"

namespace guideway {
namespace {

constexpr const char* config_example =
    "Examples:\n  guideway config check /etc/guideway/guideway.toml\n  guideway config apply "
    "/etc/guideway/guideway.toml";
constexpr const char* config_show_example = "Examples:\n  guideway config show";
constexpr const char* config_check_example =
    "Needs no guidewayd. Every mistake is one line: file:line: key: what is wrong and what to write.\n\n"
    "Examples:\n  guideway config check /etc/guideway/guideway.toml";
constexpr const char* config_diff_example =
    "Compares with what runs, or with a second file, which needs no guidewayd.\n\n"
    "Examples:\n  guideway config diff /etc/guideway/guideway.toml\n  guideway config diff new.toml --from old.toml";
constexpr const char* config_apply_example =
    "All or nothing. The file is read by guidewayd.\n\n"
    "Examples:\n  guideway config apply /etc/guideway/guideway.toml\n"
    "  guideway config apply /etc/guideway/guideway.toml --dry-run\n  guideway config apply - < new.toml";
constexpr const char* config_export_example =
    "Every key is spelled out. To apply it changes nothing, and to export that again gives the same.\n\n"
    "Examples:\n  guideway config export backup.toml\n  guideway config export | diff backup.toml -";
constexpr const char* config_history_example =
    "The newest hundred changes that were acknowledged; `config rollback` goes back to one.\n\n"
    "Examples:\n  guideway config history\n  guideway config history --json | jq .history[-1].who";
constexpr const char* config_rollback_example =
    "What ran right after that change runs again, administrative states included. That is a change, too.\n\n"
    "Examples:\n  guideway config rollback 12 --dry-run\n  guideway config rollback 12";

using nlohmann::json;

std::string absolute(const std::string& path) {
  std::error_code problem;
  const auto result = std::filesystem::absolute(path, problem);
  return problem ? path : result.lexically_normal().string();
}

json json_of(const ConfigErrors& errors) {
  json list = json::array();
  for (const ConfigError& error : errors)
    list.push_back({{"file", error.file}, {"line", error.line}, {"key", error.key}, {"message", error.message}});
  return list;
}

// A file looked at here. Its mistakes are printed.
tl::expected<Config, ConfigErrors> load(Session& session, const std::string& file) {
  auto config = load_config(file);
  if (config) return config;
  if (session.wants_json()) session.output() << dumped({{"valid", false}, {"errors", json_of(config.error())}});
  for (const ConfigError& error : config.error()) session.error() << error.text() << "\n";
  return config;
}

int check(Session& session, const std::string& file) {
  const auto config = load(session, file);
  if (!config) return exit_refused;
  std::size_t backends = 0;
  for (const PoolConfig& pool : config->pools) backends += pool.backends.size();
  return session.print(
      {{"valid", true}, {"services", config->services.size()}, {"pools", config->pools.size()}, {"backends", backends}},
      [&](const json& counts) {
        return fmt::format("{} is valid: {} services, {} pools, {} backends\n", file, counts["services"].dump(),
                           counts["pools"].dump(), counts["backends"].dump());
      });
}

// What the daemon is to read: a file that it opens itself, or "-", standard input.
json source_of(const std::string& file) {
  if (file != "-") return {{"path", absolute(file)}};
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  return {{"text", text}, {"name", "standard input"}};
}

// `from` empty: what runs.
int compare(Session& session, const std::string& file, const std::string& from_file) {
  if (from_file.empty()) return session.post("/v1/config/diff", source_of(file), changes_text);
  const auto from = load(session, from_file);
  const auto to = load(session, file);
  if (!from || !to) return exit_refused;
  json changes = json::array();
  for (const Change& change : diff(*from, *to)) changes.push_back(to_json(change));
  return session.print({{"changes", std::move(changes)}}, changes_text);
}

std::string changed_text(const json& answer) {
  const std::string number =
      answer.contains("change") ? fmt::format("this is change {}\n", text_field(answer, "change")) : "";
  return changes_text(answer) + warnings_text(answer) + number;
}

int apply_file(Session& session, const std::string& file, bool is_dry_run) {
  json body = source_of(file);
  body["dry_run"] = is_dry_run;
  return session.change("/v1/config/apply", body, changed_text);
}

std::string who_text(const json& who) {
  const std::string name = text_field(who, "name");
  return name == "-" && who.is_object() ? "uid " + text_field(who, "uid") : name;
}

std::string history_text(const json& answer) {
  TextTable table({{"ID", right}, {"TIME"}, {"WHO"}, {"CHANGES", right}, {"WHAT"}});
  for (const json& change : list_field(answer, "history")) {
    const bool runs = count_field(change, "id") == count_field(answer, "running");
    table.add_row({text_field(change, "id"), moment_text(static_cast<std::int64_t>(count_field(change, "time_ms"))),
                   who_text(object_field(change, "who")), text_field(change, "changes"),
                   text_field(change, "what") + (runs ? " (runs)" : "")});
  }
  return table.empty() ? "There is no history yet.\n" : table.text();
}

int export_config(Session& session, const std::string& file) {
  const auto reply = session.client().get("/v1/config");
  if (!reply || reply->status != 200) return session.finish(reply, dumped);
  if (file.empty() || session.wants_json()) return session.finish(reply, toml_text);
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << toml_text(reply->body);
  if (stream.flush()) return exit_ok;
  session.error() << fmt::format("guideway: {} cannot be written: {}\n", file, std::strerror(errno));
  return exit_refused;
}

struct ConfigWords {
  std::string file;
  std::string from;
  std::string id;
};

void add_files(Grammar& grammar, CLI::App& config, const std::shared_ptr<ConfigWords>& words) {
  CLI::App* check_command = grammar.add(
      config, "check", "Check a file without applying it", config_check_example,
      [&grammar, words] { grammar.show([words](Session& session) { return check(session, words->file); }); });
  check_command->add_option("FILE", words->file, "The file")->required();
  CLI::App* diff_command =
      grammar.add(config, "diff", "What applying a file would change", config_diff_example, [&grammar, words] {
        grammar.show([words](Session& session) { return compare(session, words->file, words->from); });
      });
  diff_command->add_option("FILE", words->file, "The file, or - for standard input")->required();
  diff_command->add_option("--from", words->from, "Compare with this file instead of what runs");
  CLI::App* apply_command =
      grammar.add_change(config, "apply", "Make a file what runs", config_apply_example, [&grammar, words] {
        grammar.run([words, is_dry_run = grammar.invocation().dry_run](Session& session) {
          return apply_file(session, words->file, is_dry_run);
        });
      });
  apply_command->add_option("FILE", words->file, "The file, or - for standard input")->required();
  CLI::App* export_command = grammar.add(
      config, "export", "What runs, edits included, as a file to apply", config_export_example,
      [&grammar, words] { grammar.run([words](Session& session) { return export_config(session, words->file); }); });
  export_command->add_option("FILE", words->file, "Where to write it; default: standard output");
}

void add_past(Grammar& grammar, CLI::App& config, const std::shared_ptr<ConfigWords>& words) {
  grammar.add(config, "history", "Who changed what and when", config_history_example, [&grammar] {
    grammar.show([](Session& session) { return session.ask("/v1/config/history", history_text); });
  });
  CLI::App* rollback = grammar.add_change(
      config, "rollback", "Back to what ran after a change", config_rollback_example, [&grammar, words] {
        const std::uint32_t id = must(number_form(words->id, "the number of a change"));
        grammar.run([id, is_dry_run = grammar.invocation().dry_run](Session& session) {
          return session.change("/v1/config/rollback", {{"id", id}, {"dry_run", is_dry_run}}, changed_text);
        });
      });
  rollback->add_option("ID", words->id, "The change, as `config history` numbers it")->required();
}

}  // namespace

void add_config_verbs(Grammar& grammar) {
  auto words = std::make_shared<ConfigWords>();
  CLI::App* config =
      grammar.add(grammar.app(), "config", "The configuration: check, compare, apply, go back", config_example);
  grammar.add(*config, "show", "What runs, edits included, as JSON", config_show_example,
              [&grammar] { grammar.show([](Session& session) { return session.ask("/v1/config", dumped); }); });
  add_files(grammar, *config, words);
  add_past(grammar, *config, words);
}

}  // namespace guideway
