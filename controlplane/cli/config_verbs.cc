// SPDX-License-Identifier: Apache-2.0
// `config show|check|diff|apply`.
#include <filesystem>
#include <memory>
#include <ostream>

#include <fmt/core.h>

#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/cli/verbs.hh"
#include "controlplane/config/diff.hh"
#include "controlplane/config/load.hh"

namespace guideway {
namespace {

constexpr const char* example =
    "Examples:\n  guideway config check /etc/guideway/guideway.toml\n  guideway config apply "
    "/etc/guideway/guideway.toml";
constexpr const char* show_example = "Examples:\n  guideway config show";
constexpr const char* check_example =
    "Needs no guidewayd. Every mistake is one line: file:line: key: what is wrong and what to write.\n\n"
    "Examples:\n  guideway config check /etc/guideway/guideway.toml";
constexpr const char* diff_example =
    "Compares with what runs, or with a second file, which needs no guidewayd.\n\n"
    "Examples:\n  guideway config diff /etc/guideway/guideway.toml\n  guideway config diff new.toml --from old.toml";
constexpr const char* apply_example =
    "All or nothing. The file is read by guidewayd.\n\n"
    "Examples:\n  guideway config apply /etc/guideway/guideway.toml";

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

// `from` empty: what runs.
int compare(Session& session, const std::string& file, const std::string& from_file) {
  if (from_file.empty()) return session.post("/v1/config/diff", {{"path", absolute(file)}}, changes_text);
  const auto from = load(session, from_file);
  const auto to = load(session, file);
  if (!from || !to) return exit_refused;
  json changes = json::array();
  for (const Change& change : diff(*from, *to)) changes.push_back(to_json(change));
  return session.print({{"changes", std::move(changes)}}, changes_text);
}

int apply_file(Session& session, const std::string& file) {
  return session.post("/v1/config/apply", {{"path", absolute(file)}},
                      [](const json& answer) { return changes_text(answer) + warnings_text(answer); });
}

}  // namespace

void add_config_verbs(Grammar& grammar) {
  auto file = std::make_shared<std::string>();
  auto from = std::make_shared<std::string>();
  CLI::App* config = grammar.add(grammar.app(), "config", "The configuration: check, compare, apply", example);
  grammar.add(*config, "show", "What runs, edits included, as JSON", show_example,
              [&grammar] { grammar.run([](Session& session) { return session.ask("/v1/config", dumped); }); });
  CLI::App* check_command =
      grammar.add(*config, "check", "Check a file without applying it", check_example,
                  [&grammar, file] { grammar.run([file](Session& session) { return check(session, *file); }); });
  check_command->add_option("FILE", *file, "The file")->required();
  CLI::App* diff_command =
      grammar.add(*config, "diff", "What applying a file would change", diff_example, [&grammar, file, from] {
        grammar.run([file, from](Session& session) { return compare(session, *file, *from); });
      });
  diff_command->add_option("FILE", *file, "The file")->required();
  diff_command->add_option("--from", *from, "Compare with this file instead of what runs");
  CLI::App* apply_command = grammar.add(*config, "apply", "Make a file what runs", apply_example, [&grammar, file] {
    grammar.run([file](Session& session) { return apply_file(session, *file); });
  });
  apply_command->add_option("FILE", *file, "The file")->required();
}

}  // namespace guideway
