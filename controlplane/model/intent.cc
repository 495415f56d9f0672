// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/intent.hh"

#include <algorithm>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/config/json.hh"

namespace guideway {
namespace {

using nlohmann::json;

constexpr int format_version = 2;
// The format before had the ledger as one text.
constexpr int oldest_readable_format = 1;
constexpr const char* same_as_file = "file_config";

// What an edit is about: two edits of the same kind with the same subject cannot both matter.
struct Subject {
  BackendKey backend;  // pool empty: a service
  friend bool operator==(const Subject&, const Subject&) = default;
};

Subject subject_of(const Edit& edit) {
  struct Visitor {
    Subject operator()(const ServiceAdd& one) const { return {{"", name_in(one.keys)}}; }
    Subject operator()(const ServiceRemove& one) const { return {{"", one.name}}; }
    Subject operator()(const BackendAdd& one) const { return {{one.pool, name_in(one.keys)}}; }
    Subject operator()(const BackendRemove& one) const { return {{one.pool, one.name}}; }
    Subject operator()(const BackendState& one) const { return {{one.pool, one.name}}; }
    Subject operator()(const ServiceState& one) const { return {{"", one.name}}; }
    Subject operator()(const HostState& one) const { return {{one.address, ""}}; }
    Subject operator()(const BackendWeight& one) const { return {{one.pool, one.name}}; }
    Subject operator()(const ServiceEdit& one) const { return {{"", one.name}}; }
    Subject operator()(const PoolEdit& one) const { return {{one.name, ""}}; }
    Subject operator()(const BackendEdit& one) const { return {{one.pool, one.name}}; }
  };
  return std::visit(Visitor{}, edit);
}

// Which keys an edit changes, where that is a part of what it is about: one of a timeout leaves one of a check alone.
std::set<std::string> keys_of(const Edit& edit) {
  std::string text;
  if (const auto* service = std::get_if<ServiceEdit>(&edit)) text = service->keys;
  if (const auto* pool = std::get_if<PoolEdit>(&edit)) text = pool->keys;
  if (const auto* backend = std::get_if<BackendEdit>(&edit)) text = backend->keys;
  std::set<std::string> keys;
  const auto object = json::parse(text, nullptr, false);
  if (!object.is_object()) return keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

bool has_backend(const Config& config, const BackendKey& key) {
  return std::any_of(config.pools.begin(), config.pools.end(), [&](const PoolConfig& pool) {
    return pool.name == key.pool && std::any_of(pool.backends.begin(), pool.backends.end(),
                                                [&](const BackendConfig& backend) { return backend.name == key.name; });
  });
}

bool has_service(const Config& config, const std::string& name) {
  return std::any_of(config.services.begin(), config.services.end(),
                     [&](const ServiceConfig& service) { return service.name == name; });
}

template <typename Predicate>
void drop_if(std::vector<Edit>& edits, Predicate predicate) {
  edits.erase(std::remove_if(edits.begin(), edits.end(), predicate), edits.end());
}

void record_one(std::vector<Edit>& edits, const Edit& edit, const Config& applied_config) {
  const Subject subject = subject_of(edit);
  const auto is_about_it = [&](const Edit& other) { return subject_of(other) == subject; };
  if (std::holds_alternative<BackendRemove>(edit)) {
    drop_if(edits, is_about_it);
    if (!has_backend(applied_config, subject.backend)) return;
  } else if (std::holds_alternative<ServiceRemove>(edit)) {
    // A pool of its own went too, and with it every edit of that pool's backends.
    const std::string& name = subject.backend.name;
    drop_if(edits, [&](const Edit& other) { return is_about_it(other) || subject_of(other).backend.pool == name; });
    if (!has_service(applied_config, name)) return;
  } else {
    drop_if(edits, [&](const Edit& other) {
      return other.index() == edit.index() && is_about_it(other) && keys_of(other) == keys_of(edit);
    });
  }
  edits.push_back(edit);
}

}  // namespace

Reconciled reconcile(const Intent& before, const Config& applied) {
  Reconciled result{applied, {}, {}};
  for (const Edit& edit : before.edits) {
    bool is_kept = false;
    if (std::holds_alternative<BackendState>(edit)) {
      if (auto next = apply_edit(result.running, edit)) {
        result.running = std::move(*next);
        is_kept = true;
      }
    }
    (is_kept ? result.edits : result.dropped).push_back(edit);
  }
  return result;
}

Intent start_from(const std::optional<Intent>& before, const std::string& config_file, const Config& file_config,
                  std::vector<Edit>& dropped) {
  Intent intent = before ? *before : Intent{};
  intent.config_file = config_file;
  if (before && before->file_config == file_config) return intent;
  Reconciled reconciled = reconcile(intent, file_config);
  intent.file_config = file_config;
  intent.applied_config = file_config;
  intent.running = std::move(reconciled.running);
  intent.edits = std::move(reconciled.edits);
  dropped = std::move(reconciled.dropped);
  return intent;
}

void record(std::vector<Edit>& edits, const std::vector<Edit>& applied, const Config& applied_config) {
  for (const Edit& edit : applied) record_one(edits, edit, applied_config);
}

std::string json_text(const Intent& intent, std::uint64_t log, ConfigTexts& texts) {
  json edits = json::array();
  for (const Edit& edit : intent.edits) edits.push_back(to_json(edit));
  json ledger = json::object();
  intent.ledger.for_each([&ledger](const std::string& pool, const LedgerTexts::Text& text) { ledger[pool] = *text; });
  const json rest{{"format", format_version},
                  {"config_file", intent.config_file},
                  {"edits", std::move(edits)},
                  {"ledger", std::move(ledger)},
                  {"change", intent.change},
                  {"generation", intent.generation},
                  {"log", log}};
  std::string text = with_member(json_text(rest), "file_config", texts.of(intent.file_config));
  // Until the first edit it is the very same, and it may be large.
  const bool is_same = intent.running == intent.file_config;
  text = with_member(std::move(text), "running", is_same ? json_text(same_as_file) : texts.of(intent.running));
  // Nearly always the same as file_config.
  if (intent.applied_config == intent.file_config) return text;
  return with_member(std::move(text), "applied_config", texts.of(intent.applied_config));
}

namespace {

Result<LedgerTexts> ledger_from_json(const json& saved) {
  const auto text = [](const json& value) { return std::make_shared<const std::string>(value.get<std::string>()); };
  if (saved.is_string())
    return saved.get_ref<const std::string&>().empty() ? LedgerTexts{} : LedgerTexts{{"", text(saved)}};
  LedgerTexts ledger;
  for (const auto& [pool, value] : saved.items()) {
    if (!value.is_string()) return failure("a value is of the wrong kind");
    ledger.set(pool, text(value));
  }
  return ledger;
}

Result<void> check_shape(const json& saved) {
  const bool is_known = saved.is_object() && saved.contains("format") && saved["format"].is_number_integer() &&
                        saved["format"] >= oldest_readable_format && saved["format"] <= format_version;
  if (!is_known) return failure("its format is not known");
  for (const char* key : {"config_file", "file_config", "running", "edits", "ledger", "generation"}) {
    if (!saved.contains(key)) return failure("\"" + std::string(key) + "\" is missing");
  }
  const bool has_kinds = saved["config_file"].is_string() &&
                         (saved["ledger"].is_string() || saved["ledger"].is_object()) &&
                         saved["generation"].is_number_unsigned() && saved["edits"].is_array();
  if (!has_kinds) return failure("a value is of the wrong kind");
  return {};
}

}  // namespace

Result<Intent> intent_from_json(const json& saved) {
  if (auto shape = check_shape(saved); !shape) return failure_of(shape);
  Intent intent;
  intent.config_file = saved["config_file"].get<std::string>();
  auto ledger = ledger_from_json(saved["ledger"]);
  if (!ledger) return failure_of(ledger);
  intent.ledger = std::move(*ledger);
  intent.generation = saved["generation"].get<std::uint64_t>();
  // A former release knew none.
  if (saved.contains("change") && saved["change"].is_number_unsigned())
    intent.change = saved["change"].get<std::uint64_t>();
  auto file_config = config_from_json(saved["file_config"]);
  if (!file_config) return failure_of(file_config);
  intent.file_config = std::move(*file_config);
  intent.applied_config = intent.file_config;
  intent.running = intent.file_config;
  if (saved["running"] != same_as_file) {
    auto running = config_from_json(saved["running"]);
    if (!running) return failure_of(running);
    intent.running = std::move(*running);
  }
  if (saved.contains("applied_config")) {
    auto applied = config_from_json(saved["applied_config"]);
    if (!applied) return failure_of(applied);
    intent.applied_config = std::move(*applied);
  }
  for (const json& one : saved["edits"]) {
    auto edit = edit_from_json(one);
    if (!edit) return failure_of(edit);
    intent.edits.push_back(std::move(*edit));
  }
  return intent;
}

}  // namespace guideway
