// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/run.hh"

#include <filesystem>
#include <functional>
#include <ostream>

#include <fmt/core.h>

#include "controlplane/cli/api_client.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/config/diff.hh"
#include "controlplane/config/load.hh"

namespace guideway {
namespace {

using nlohmann::json;
using Render = std::function<std::string(const json&)>;

std::string dumped(const json& document) { return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n"; }

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

class Runner {
 public:
  Runner(const Invocation& invocation, std::ostream& output, std::ostream& error)
      : invocation_(invocation), client_(invocation.api), output_(output), error_(error) {}

  int operator()(const StatusCommand&) { return ask("/v1/status", status_text); }
  int operator()(const ServiceListCommand&) { return ask("/v1/services", services_text); }
  int operator()(const ServiceShowCommand& command) {
    return ask("/v1/services/" + percent_encoded(command.name), service_text);
  }
  int operator()(const BackendListCommand& command) {
    return ask(command.pool.empty() ? "/v1/backends" : "/v1/backends?pool=" + percent_encoded(command.pool),
               backends_text);
  }
  int operator()(const ConfigShowCommand&) { return ask("/v1/config", dumped); }
  int operator()(const StatsCommand& command) {
    return ask("/v1/stats", [&](const json& stats) { return stats_text(stats, command.all); });
  }
  int operator()(const ExplainCommand& command) {
    return ask(fmt::format("/v1/explain?protocol={}&source={}&destination={}", command.protocol,
                           percent_encoded(command.source), percent_encoded(command.destination)),
               explanation_text);
  }
  int operator()(const EditCommand& command) {
    return finish(client_.post("/v1/edits", {{"edits", {command.edit}}}), [&](const json& answer) {
      const auto datapath = answer.find("datapath");
      const bool waits = datapath != answer.end() && datapath->is_string();
      return fmt::format("{}{}\n", command.done,
                         waits ? fmt::format(" (durable; datapath: {})", datapath->get<std::string>()) : "") +
             warnings_text(answer);
    });
  }
  int operator()(const ConfigDiffCommand& command) {
    if (command.from.empty())
      return finish(client_.post("/v1/config/diff", {{"path", absolute(command.file)}}), changes_text);
    const auto from = load(command.from);
    const auto to = load(command.file);
    if (!from || !to) return exit_refused;
    json changes = json::array();
    for (const Change& change : diff(*from, *to)) changes.push_back(to_json(change));
    return print({{"changes", std::move(changes)}}, changes_text);
  }
  int operator()(const ConfigApplyCommand& command) {
    return finish(client_.post("/v1/config/apply", {{"path", absolute(command.file)}}),
                  [](const json& answer) { return changes_text(answer) + warnings_text(answer); });
  }
  int operator()(const ConfigCheckCommand& command) {
    const auto config = load(command.file);
    if (!config) return exit_refused;
    std::size_t backends = 0;
    for (const PoolConfig& pool : config->pools) backends += pool.backends.size();
    return print({{"valid", true},
                  {"services", config->services.size()},
                  {"pools", config->pools.size()},
                  {"backends", backends}},
                 [&](const json& counts) {
                   return fmt::format("{} is valid: {} services, {} pools, {} backends\n", command.file,
                                      counts["services"].dump(), counts["pools"].dump(), counts["backends"].dump());
                 });
  }
  int operator()(const ReplayCommand&) {
    error_ << "guideway: replay is not run from here\n";
    return exit_refused;
  }

 private:
  int ask(const std::string& target, const Render& render) { return finish(client_.get(target), render); }

  int print(const json& document, const Render& render) {
    output_ << (invocation_.json ? dumped(document) : render(document));
    return exit_ok;
  }

  int finish(const tl::expected<ApiReply, ApiFailure>& reply, const Render& render) {
    if (!reply) {
      error_ << "guideway: " << reply.error().message << "\n";
      return reply.error().unreachable ? exit_unreachable : exit_refused;
    }
    if (reply->status >= 200 && reply->status < 300) return print(reply->body, render);
    if (invocation_.json) output_ << dumped(reply->body);
    const bool lists_mistakes = reply->body.is_object() && reply->body.contains("errors");
    error_ << (lists_mistakes ? "" : "guideway: ") << error_text(reply->body, reply->status);
    return exit_refused;
  }

  // A file looked at here. Its mistakes are printed.
  tl::expected<Config, ConfigErrors> load(const std::string& file) {
    auto config = load_config(file);
    if (config) return config;
    if (invocation_.json) output_ << dumped({{"valid", false}, {"errors", json_of(config.error())}});
    for (const ConfigError& error : config.error()) error_ << error.text() << "\n";
    return config;
  }

  const Invocation& invocation_;
  ApiClient client_;
  std::ostream& output_;
  std::ostream& error_;
};

}  // namespace

int run(const Invocation& invocation, std::ostream& output, std::ostream& error) {
  return std::visit(Runner(invocation, output, error), invocation.command);
}

}  // namespace guideway
