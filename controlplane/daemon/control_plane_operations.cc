// SPDX-License-Identifier: Apache-2.0
// ControlPlane as the API sees it: what is asked, and the one path that every change of the intent takes.
#include <algorithm>
#include <filesystem>
#include <utility>

#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/diff.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/load.hh"
#include "controlplane/daemon/change_event.hh"
#include "controlplane/daemon/clock.hh"
#include "controlplane/daemon/control_plane.hh"
#include "controlplane/daemon/log_value.hh"
#include "controlplane/daemon/warnings.hh"
#include "dataplane/base/in_parallel.hh"

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

tl::expected<Config, ConfigErrors> load(const ConfigSource& source) {
  return source.text ? load_config_text(*source.text, source.name) : load_config(source.name);
}

// What the history says of edits.
std::string summary_of_all(const std::vector<Edit>& edits) {
  constexpr std::size_t named_max = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(named_max, edits.size()); ++i)
    text += (i == 0 ? "" : "; ") + summary_of(edits[i]);
  return edits.size() <= named_max ? text : text + " and " + std::to_string(edits.size() - named_max) + " more";
}

}  // namespace

void ControlPlane::take_turn(const ChangeTerms& terms, Turn turn, Respond respond) {
  const auto unless_outdated = [this, terms, turn = std::move(turn)](Respond done) {
    if (auto refused = outdated(terms)) return done(std::move(*refused));
    turn(std::move(done));
  };
  turns_.emplace_back(unless_outdated, std::move(respond));
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

void ControlPlane::edits(std::vector<Edit> edits, const ChangeTerms& terms, Respond respond) {
  std::vector<std::string> what;
  what.reserve(edits.size());
  for (const Edit& one : edits) what.push_back(text_of(one));
  auto answer = audited(terms, what, std::move(respond));
  if (!answer) return;
  take_turn(
      terms, [this, edits = std::move(edits), terms](Respond done) { edit(edits, terms, std::move(done)); },
      std::move(*answer));
}

void ControlPlane::config_apply(const ConfigSource& source, const ChangeTerms& terms, Respond respond) {
  auto answer = audited(terms, {"config.apply " + source.name}, std::move(respond));
  if (!answer) return;
  take_turn(
      terms, [this, source, terms](Respond done) { apply(source, terms, std::move(done)); }, std::move(*answer));
}

void ControlPlane::config_rollback(std::uint64_t past_change, const ChangeTerms& terms, Respond respond) {
  auto answer = audited(terms, {"config.rollback " + std::to_string(past_change)}, std::move(respond));
  if (!answer) return;
  take_turn(
      terms, [this, past_change, terms](Respond done) { roll_back(past_change, terms, std::move(done)); },
      std::move(*answer));
}

void ControlPlane::reload(const std::function<void()>& done) {
  spdlog::info("config event=reload file={}", log_value(intent_.config_file));
  // SIGHUP: from somebody with our own rights.
  config_apply({intent_.config_file, std::nullopt}, {own_actor(), false, std::nullopt},
               [this, done](const Reply& reply) {
                 done();
                 if (reply.status == 200) return;
                 record("warning", "the configuration was not read again: " + reply.body.value("error", ""));
                 spdlog::error("config event=reload_refused error={}", log_value(reply.body.value("error", "")));
               });
}

void ControlPlane::edit(const std::vector<Edit>& asked, const ChangeTerms& terms, Respond respond) {
  auto spelled = spelled_out(intent_.running, asked, lasting_ms());
  if (!spelled) return respond(error_reply(422, spelled.error().message));
  const std::vector<Edit>& edits = *spelled;
  auto running = apply_edits(intent_.running, edits);
  if (!running) return respond(error_reply(422, running.error().message));
  Change next{intent_, {}, json::object(), terms, summary_of_all(edits), {}};
  for (const Edit& one : edits) {
    next.at_once.merge(removed_at_once(intent_.running, one));
    next.events.push_back(event_of(one, terms.actor));
  }
  next.answer["changes"] = changes_json(intent_.running, *running);
  std::vector<std::string> warnings = warnings_of_shared_checks(intent_.running, *running);
  for (std::string& warning : warnings_of_new_tables(intent_.running, *running)) warnings.push_back(std::move(warning));
  if (!warnings.empty()) next.answer["warnings"] = warnings;
  next.intent.running = std::move(*running);
  guideway::record(next.intent.edits, edits, intent_.applied_config);
  change(std::move(next), std::move(respond));
}

void ControlPlane::apply(const ConfigSource& source, const ChangeTerms& terms, Respond respond) {
  auto loaded = load(source);
  if (!loaded) return respond(errors_reply(loaded.error()));
  Reconciled reconciled = reconcile(intent_, *loaded);
  Change next{intent_, {}, json::object(), terms, "apply " + source.name, {}};
  next.answer["changes"] = changes_json(intent_.running, reconciled.running);
  next.answer["warnings"] = warnings_of_restart(intent_.running, reconciled.running);
  for (const Edit& edit : reconciled.dropped) {
    next.answer["warnings"].push_back("the file replaces this edit: " + summary_of(edit));
  }
  next.intent.applied_config = *loaded;
  if (!source.text && is_same_file(source.name, intent_.config_file)) next.intent.file_config = std::move(*loaded);
  next.intent.running = std::move(reconciled.running);
  next.intent.edits = std::move(reconciled.edits);
  change(std::move(next), std::move(respond));
}

void ControlPlane::roll_back(std::uint64_t past_change, const ChangeTerms& terms, Respond respond) {
  auto past = history_.config_after(past_change);
  if (!past) return respond(error_reply(422, past.error().message));
  Change next{intent_, {}, json::object(), terms, "rollback to " + std::to_string(past_change), {}};
  next.answer["changes"] = changes_json(intent_.running, past->running);
  next.answer["warnings"] = warnings_of_restart(intent_.running, past->running);
  next.intent.applied_config = past->running;
  next.intent.running = std::move(past->running);
  // The administrative states among them: a file that is applied later keeps those.
  next.intent.edits = std::move(past->edits);
  change(std::move(next), std::move(respond));
}

void ControlPlane::change(Change change, Respond respond) {
  if (change.terms.dry_run) return respond(rehearse(change));
  const std::size_t changes = change.answer["changes"].size();
  spdlog::info("change what={} changes={} who={}", log_value(change.what), changes,
               log_value(change.terms.actor.text()));
  for (const json& warning : change.answer.value("warnings", json::array()))
    spdlog::warn("config warning={}", log_value(warning.get<std::string>()));
  if (change.events.empty())
    change.events.push_back(
        event_by(change.terms.actor, "config", change.what + " (" + std::to_string(changes) + " changes)"));
  // Beside each other: what is written and waited for does not hang on the tables.
  Result<void> adopted;
  Result<void> audited;
  Result<std::uint64_t> noted;
  ConfigTexts texts;
  const PastChange past{0, 0, change.what, changes, to_json(change.terms.actor), 0};
  in_parallel(2, [&](std::size_t one) {
    if (one == 1) {
      adopted = ledger_.adopt(change.intent.running, change.at_once, lasting_ms());
      return;
    }
    noted = note(past, change.intent, texts);
    audited = audit_.sync();
  });
  if (!adopted) {
    if (noted) history_.take_back(*noted);
    return respond(error_reply(422, adopted.error().message));
  }
  // Nobody uses them before a snapshot names them, and the datapath has them by then.
  const bool goes_ahead = noted && audited;
  if (goes_ahead) door_.offer(ledger_.news().tables);
  const auto before = std::make_shared<const Intent>(std::exchange(intent_, std::move(change.intent)));
  auto saved = archive(audited, noted, texts);
  if (!saved) {
    undo(*before);
    if (goes_ahead) publisher_.soon();  // with which the datapath drops them
    record("warning", "a change was refused: " + saved.error().message);
    return respond(error_reply(500, saved.error().message + "; nothing was changed"));
  }
  follow_ledger();
  publisher_.now([this, before, change = std::move(change), respond = std::move(respond)](const PublishReport& report) {
    published(*before, change, report, respond);
  });
}

void ControlPlane::published(const Intent& before, const Change& change, const PublishReport& report,
                             const Respond& respond) {
  if (report.outcome == PublishOutcome::rejected) {
    undo(before);
    publisher_.soon();
    return respond(error_reply(409, "the datapath refused this: " + report.reason + "; nothing was changed"));
  }
  for (Event event : change.events) {
    // True only now; what happened meanwhile stands before it.
    event.time_ms = wall_ms();
    events_.add(event);
  }
  Reply reply{200, change.answer};
  reply.body["change"] = intent_.change;
  reply.body["generation"] = report.outcome == PublishOutcome::accepted ? report.generation : generation_;
  if (report.outcome == PublishOutcome::connection_lost) reply.body["datapath"] = "not connected";
  respond(std::move(reply));
}

void ControlPlane::undo(const Intent& before) {
  const std::set<BackendKey> at_once = added(before.running, intent_.running);
  if (intent_.change != before.change) history_.take_back(intent_.change);
  intent_ = before;
  auto adopted = ledger_.adopt(intent_.running, at_once, lasting_ms());
  if (!adopted) spdlog::error("state error={}", log_value(adopted.error().message));
  auto saved = save();
  if (!saved) spdlog::error("state error={}", log_value(saved.error().message));
  follow_ledger();
}

Reply ControlPlane::config() { return {200, to_json(intent_.running)}; }

Reply ControlPlane::config_diff(const ConfigSource& source) {
  auto loaded = load(source);
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
  if (!events_.trouble().empty()) list.push_back(events_.trouble());
  for (auto& more : {warnings_of_services(board_, intent_.running, ledger_.serving()),
                     warnings_of_reach(board_, reachability_.unresolved), warnings_of_checks(board_),
                     warnings_of_pools(board_, steady_ms()), warnings_of_backups(ledger_.serving()), hooks_.warnings(),
                     warnings_of_families(intent_.running), datapath_watch_.warnings()})
    list.insert(list.end(), more.begin(), more.end());
  return list;
}

Reply ControlPlane::status() { return observe_status(observe()); }
Reply ControlPlane::services() { return observe_services(observe()); }
Reply ControlPlane::service(const std::string& name) { return observe_service(observe(), name); }
Reply ControlPlane::backends(const std::optional<std::string>& pool) { return observe_backends(observe(), pool); }
Reply ControlPlane::backend(const std::string& pool, const std::string& name) {
  return observe_backend(observe(), {pool, name});
}
Reply ControlPlane::stats() { return observe_stats(observe()); }
void ControlPlane::metrics(Respond respond) { meters_.scrape(observe(), std::move(respond)); }

}  // namespace guideway
