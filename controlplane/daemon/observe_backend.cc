// SPDX-License-Identifier: Apache-2.0
// A backend alone: as in the list, and what would make that too wide.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "controlplane/config/backup_chain.hh"
#include "controlplane/config/duration.hh"
#include "controlplane/config/words.hh"
#include "controlplane/daemon/backup_choice.hh"
#include "controlplane/daemon/observe.hh"

namespace guideway {
namespace {

using nlohmann::json;

// When and where it is made. What it asks may be a secret.
json made_json(const CheckConfig& check) {
  json result{{"kind", name_of(check)}};
  if (check.kind == CheckKind::none) return result;
  if (has_port(check.kind)) result["port"] = check.port;
  result["through"] = name_of(check.through);
  result["interval_ms"] = check.interval_ms;
  result["fast_interval_ms"] = check.fast_interval_ms;
  result["down_interval_ms"] = check.down_interval_ms;
  result["timeout_ms"] = check.timeout_ms;
  result["rise"] = check.rise;
  result["fall"] = check.fall;
  return result;
}

json services_of(const Observed& observed, const std::string& pool) {
  json names = json::array();
  for (const ServiceConfig& service : observed.intent.running.services) {
    if (server_of(observed.ledger.serving(), service.pool) == pool) names.push_back(service.name);
  }
  return names;
}

}  // namespace

Reply observe_backend(const Observed& observed, const BackendKey& key) {
  Reply all = observe_backends(observed, key.pool);
  if (all.status != 200) return all;
  const auto record = observed.ledger.backends().find(key);
  for (json& one : all.body["backends"]) {
    if (one["name"] != key.name || record == observed.ledger.backends().end()) continue;
    one["services"] = services_of(observed, key.pool);
    json made = json::array();
    for (std::size_t i = 0; i < check_count(record->second.config); ++i)
      made.push_back(made_json(check_at(record->second.config, i)));
    one["made"] = std::move(made);
    return {200, std::move(one)};
  }
  return error_reply(404, "pool \"" + key.pool + "\" has no backend \"" + key.name + "\"");
}

}  // namespace guideway
