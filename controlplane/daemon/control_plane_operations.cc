// SPDX-License-Identifier: Apache-2.0
// ControlPlane as the API sees it: what is asked, and the one path that every change of the intent takes.
#include <unistd.h>

#include <filesystem>
#include <map>
#include <utility>

#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/diff.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/load.hh"
#include "controlplane/daemon/clock.hh"
#include "controlplane/daemon/control_plane.hh"
#include "controlplane/daemon/explain.hh"
#include "controlplane/daemon/log_value.hh"
#include "controlplane/daemon/warnings.hh"

namespace guideway {
namespace {

using nlohmann::json;

json errors_json(const ConfigErrors& errors) {
  json list = json::array();
  for (const ConfigError& error : errors) {
    list.push_back({{"file", error.file}, {"line", error.line}, {"key", error.key}, {"message", error.message}});
  }
  return list;
}

Reply errors_reply(const ConfigErrors& errors) {
  return {422, {{"error", text_of(errors)}, {"errors", errors_json(errors)}}};
}

json changes_json(const Config& from, const Config& to) {
  json list = json::array();
  for (const Change& change : diff(from, to)) list.push_back(to_json(change));
  return list;
}

// However its path is written.
bool is_same_file(const std::string& one, const std::string& other) {
  std::error_code error;
  return one == other || std::filesystem::equivalent(one, other, error);
}

// The backends that `to` has and `from` has not.
std::set<BackendKey> added(const Config& from, const Config& to) {
  std::set<BackendKey> keys;
  for (const PoolConfig& pool : to.pools) {
    for (const BackendConfig& backend : pool.backends) keys.insert({pool.name, backend.name});
  }
  for (const PoolConfig& pool : from.pools) {
    for (const BackendConfig& backend : pool.backends) keys.erase({pool.name, backend.name});
  }
  return keys;
}

json restart_warnings(const Config& from, const Config& to) {
  json warnings = json::array();
  const auto compare = [&](const char* key, const std::string& before, const std::string& after) {
    if (before == after) return;
    warnings.push_back(std::string(key) + " is now " + (after.empty() ? "none" : after) +
                       ", which takes effect when guidewayd is restarted");
  };
  compare("door", from.door, to.door);
  compare("api", from.api, to.api);
  compare("api_read_group", from.api_read_group, to.api_read_group);
  compare("api_admin_group", from.api_admin_group, to.api_admin_group);
  compare("metrics", from.metrics ? from.metrics->text() : "", to.metrics ? to.metrics->text() : "");
  compare("state_directory", from.state_directory, to.state_directory);
  if (from.hash_key != to.hash_key) {
    warnings.push_back("hash_key has changed: every flow that is not remembered is chosen anew");
  }
  return warnings;
}

}  // namespace

void ControlPlane::take_turn(Turn turn, Respond respond) {
  turns_.emplace_back(std::move(turn), std::move(respond));
  if (!is_turn_taken_) next_turn();
}

void ControlPlane::next_turn() {
  if (turns_.empty()) return;
  auto [turn, respond] = std::move(turns_.front());
  turns_.pop_front();
  is_turn_taken_ = true;
  turn([this, respond = std::move(respond)](Reply reply) {
    is_turn_taken_ = false;
    respond(std::move(reply));
    if (!is_turn_taken_) next_turn();
  });
}

void ControlPlane::edits(std::vector<Edit> edits, const Actor& actor, Respond respond) {
  std::vector<std::string> what;
  for (const Edit& one : edits) what.push_back(text_of(one));
  auto answer = audited(actor, what, std::move(respond));
  if (!answer) return;
  take_turn([this, edits = std::move(edits)](Respond done) { edit(edits, std::move(done)); }, std::move(*answer));
}

void ControlPlane::config_apply(const std::string& path, const Actor& actor, Respond respond) {
  auto answer = audited(actor, {"config.apply " + path}, std::move(respond));
  if (!answer) return;
  take_turn([this, path](Respond done) { apply(path, std::move(done)); }, std::move(*answer));
}

void ControlPlane::reload() {
  spdlog::info("config event=reload file={}", log_value(intent_.config_file));
  // SIGHUP: from somebody with our own rights.
  config_apply(intent_.config_file, {::geteuid(), 0}, [](const Reply& reply) {
    if (reply.status == 200) return;
    spdlog::error("config event=reload_refused error={}", log_value(reply.body.value("error", "")));
  });
}

void ControlPlane::edit(const std::vector<Edit>& asked, Respond respond) {
  auto spelled = spelled_out(intent_.running, asked, lasting_ms());
  if (!spelled) return respond(error_reply(422, spelled.error().message));
  const std::vector<Edit>& edits = *spelled;
  auto running = apply_edits(intent_.running, edits);
  if (!running) return respond(error_reply(422, running.error().message));
  Change next{intent_, {}, json::object()};
  for (const Edit& one : edits) {
    next.at_once.merge(removed_at_once(intent_.running, one));
    spdlog::info("edit what={}", log_value(text_of(one)));
  }
  const std::vector<std::string> warnings = warnings_of_shared_checks(intent_.running, *running);
  if (!warnings.empty()) next.answer["warnings"] = warnings;
  next.intent.running = std::move(*running);
  record(next.intent.edits, edits, intent_.applied_config);
  change(std::move(next), std::move(respond));
}

void ControlPlane::apply(const std::string& path, Respond respond) {
  auto loaded = load_config(path);
  if (!loaded) return respond(errors_reply(loaded.error()));
  Reconciled reconciled = reconcile(intent_, *loaded);
  Change next{intent_, {}, json::object()};
  next.answer["changes"] = changes_json(intent_.running, reconciled.running);
  next.answer["warnings"] = restart_warnings(intent_.running, reconciled.running);
  for (const Edit& edit : reconciled.dropped) {
    next.answer["warnings"].push_back("the file replaces this edit: " + text_of(edit));
  }
  for (const json& warning : next.answer["warnings"]) {
    spdlog::warn("config warning={}", log_value(warning.get<std::string>()));
  }
  next.intent.applied_config = *loaded;
  if (is_same_file(path, intent_.config_file)) next.intent.file_config = std::move(*loaded);
  next.intent.running = std::move(reconciled.running);
  next.intent.edits = std::move(reconciled.edits);
  spdlog::info("config event=apply file={} changes={}", log_value(path), next.answer["changes"].size());
  change(std::move(next), std::move(respond));
}

void ControlPlane::change(Change change, Respond respond) {
  auto adopted = ledger_.adopt(change.intent.running, change.at_once, lasting_ms());
  if (!adopted) return respond(error_reply(422, adopted.error().message));
  const Intent before = std::exchange(intent_, std::move(change.intent));
  auto saved = save();
  if (!saved) {
    undo(before);
    return respond(error_reply(500, saved.error().message + "; nothing was changed"));
  }
  follow_ledger();
  publisher_.now([this, before, answer = std::move(change.answer), respond = std::move(respond)](
                     const PublishReport& report) { published(before, answer, report, respond); });
}

void ControlPlane::published(const Intent& before, const json& answer, const PublishReport& report,
                             const Respond& respond) {
  if (report.outcome == PublishOutcome::rejected) {
    undo(before);
    publisher_.soon();
    return respond(error_reply(409, "the datapath refused this: " + report.reason + "; nothing was changed"));
  }
  Reply reply{200, answer};
  reply.body["generation"] = report.outcome == PublishOutcome::accepted ? report.generation : generation_;
  if (report.outcome == PublishOutcome::connection_lost) reply.body["datapath"] = "not connected";
  respond(std::move(reply));
}

void ControlPlane::undo(const Intent& before) {
  const std::set<BackendKey> at_once = added(before.running, intent_.running);
  intent_ = before;
  auto adopted = ledger_.adopt(intent_.running, at_once, lasting_ms());
  if (!adopted) spdlog::error("state error={}", log_value(adopted.error().message));
  auto saved = save();
  if (!saved) spdlog::error("state error={}", log_value(saved.error().message));
  follow_ledger();
}

Reply ControlPlane::config() { return {200, to_json(intent_.running)}; }

Reply ControlPlane::config_diff(const std::string& path) {
  auto loaded = load_config(path);
  if (!loaded) return errors_reply(loaded.error());
  const Reconciled reconciled = reconcile(intent_, *loaded);
  return {200, {{"changes", changes_json(intent_.running, reconciled.running)}}};
}

Observed ControlPlane::observe() const {
  const auto uptime_s = static_cast<std::uint64_t>((steady_ms() - started_ms_) / 1000);
  return {intent_, ledger_, board_, door_, reachability_, drains_, generation_, uptime_s, warnings()};
}

std::vector<std::string> ControlPlane::warnings() const {
  std::vector<std::string> list = start_warnings_;
  if (door_.datapath() == nullptr) {
    list.push_back("no datapath is connected: " +
                   (door_trouble_.empty() ? "the door " + door_.path() + " is shut" : door_trouble_));
  }
  if (!last_rejection_.empty()) list.push_back("the datapath refused the newest snapshot: " + last_rejection_);
  std::uint64_t not_remembered = 0;
  const CountersView* counters = door_.counters();
  for (std::uint32_t number = 0; counters != nullptr && number < counters->worker_count(); ++number) {
    not_remembered += counters->worker(number).flows_not_remembered;
  }
  if (not_remembered != 0) {
    list.push_back(
        std::to_string(not_remembered) +
        " flows found no place in a flow table (flows_not_remembered); start the datapath with more --flows-max");
  }
  for (auto& more :
       {warnings_of_checks(board_), warnings_of_pools(board_, steady_ms()), warnings_of_families(intent_.running)})
    list.insert(list.end(), more.begin(), more.end());
  return list;
}

Reply ControlPlane::status() { return observe_status(observe()); }
Reply ControlPlane::services() { return observe_services(observe()); }
Reply ControlPlane::service(const std::string& name) { return observe_service(observe(), name); }
Reply ControlPlane::backends(const std::optional<std::string>& pool) { return observe_backends(observe(), pool); }
Reply ControlPlane::stats() { return observe_stats(observe()); }
void ControlPlane::metrics(Respond respond) { meters_.scrape(observe(), std::move(respond)); }

void ControlPlane::explain(const ExplainRequest& request, Respond respond) {
  door_.query(flow_key_of(request),
              [this, request, respond = std::move(respond)](const Result<door::FlowAnswer>& answer) {
                explain_with(request, answer, respond);
              });
}

void ControlPlane::explain_with(const ExplainRequest& request, const Result<door::FlowAnswer>& answer,
                                const Respond& respond) {
  // Without a datapath: what it would be given.
  const std::shared_ptr<const Publication> publication = published_;
  const Compiled compiled = publication ? Compiled{} : ledger_.compile(generation_, reachability_.resolved);
  std::map<std::uint32_t, std::string> backends;
  for (const auto& [key, record] : ledger_.backends()) backends[record.index] = key.pool + "/" + key.name;
  std::map<std::uint32_t, std::string> services;
  for (const ServiceConfig& service : intent_.running.services) {
    for (const std::uint32_t id : ledger_.service_ids(service)) services[id] = service.name;
  }
  const auto name_in = [](const std::map<std::uint32_t, std::string>& names, const char* what, std::uint32_t number) {
    auto found = names.find(number);
    return found == names.end() ? std::string(what) + " " + std::to_string(number) : found->second;
  };
  const ExplainInputs inputs{publication ? publication->compiled : compiled, board_.table(),
                             [&](std::uint32_t index) { return name_in(backends, "backend", index); },
                             [&](std::uint32_t id) { return name_in(services, "service", id); },
                             [&](std::uint32_t index) {
                               const CountersView* counters = door_.counters();
                               return counters == nullptr ? std::uint64_t{0} : counters->backend(index).remembered;
                             }};
  respond(guideway::explain(request, inputs, answer));
}

}  // namespace guideway
