// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/edited.hh"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/json_tree.hh"
#include "controlplane/config/keys.hh"
#include "controlplane/config/loose_draft.hh"
#include "controlplane/config/words.hh"

namespace guideway {
namespace {

using nlohmann::json;

template <typename T>
const T* find_named(const SharedList<T>& list, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const T& each) { return each.name == name; });
  return found == list.end() ? nullptr : &*found;
}

template <typename Keys>
bool is_one_of(const Keys& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool is_key_of_pool(const std::string& key) { return key != "name" && key != "backends" && is_one_of(keys::pool, key); }

// The reader was stopped by nothing, or else says what is wrong.
Result<void> outcome_of(const Reading& reading) {
  if (reading.errors.empty()) return {};
  return failure(text_of(reading.errors));
}

// Each null as what the key is if nobody says it; `fresh` says that of those that always are something.
json spelled_out(const json& keys, const json& fresh) {
  json result = json::object();
  for (const auto& [key, value] : keys.items()) {
    if (!value.is_null())
      result[key] = value;
    else if (fresh.contains(key))
      result[key] = fresh[key];
  }
  return result;
}

// What has no value to be spelled out, because not everybody has it.
void take_back(const json& keys, TunnelConfig& tunnel, const TunnelConfig& to) {
  const auto is_null = [&](const char* key) { return keys.contains(key) && keys[key].is_null(); };
  if (is_null("gue_variant")) tunnel.gue_variant = to.gue_variant;
  if (is_null("gue_port")) tunnel.gue_port = to.gue_port;
  if (is_null("gre_key")) tunnel.gre_key = to.gre_key;
  if (is_null("mss_clamp")) tunnel.mss_clamp = to.mss_clamp;
}

Result<void> refine_pool(const json& keys, const std::string& path, PoolDraft& draft) {
  PoolConfig fresh;
  json defaults = to_json(fresh);
  defaults["backup_pool"] = "";
  const auto tree = tree_of_json(spelled_out(keys, defaults));
  if (!tree) return failure_of(tree);
  take_back(keys, draft.config.defaults.own().tunnel, fresh.defaults->tunnel);
  Reading reading;
  TableReader reader(reading, "", *tree, path, keys::pool);
  reader.find("name");
  read_pool_keys(reader, draft);
  reader.finish();
  return outcome_of(reading);
}

constexpr const char* members_remedy = "use backend add, backend edit and backend remove";

struct Refused {
  const char* key;
  const char* remedy;
};

// What cannot be changed so, and a null of what nobody knows, which no reader would meet.
template <typename Keys>
Result<void> check_keys(const json& keys, const std::string& path, const Keys& known,
                        std::initializer_list<Refused> refused) {
  if (!keys.is_object() || keys.empty()) return failure(path + ": give an object with at least one key to change");
  for (const Refused& each : refused) {
    if (keys.contains(each.key))
      return failure(fmt::format("{}.{}: cannot be changed; {}", path, each.key, each.remedy));
  }
  for (const auto& [key, value] : keys.items()) {
    if (value.is_null() && !is_one_of(known, key)) return failure(fmt::format("{}.{}: is not a known key", path, key));
  }
  return {};
}

// What a service begins with when it is read again, where that is no key of its own.
DefaultsDraft defaults_of(const ServiceConfig& service, const json& keys) {
  DefaultsDraft values;
  const auto keep = [&](const char* key, auto& to, const auto& value) {
    if (!keys.contains(key)) to = value;
  };
  keep("scheduler", values.scheduler, service.scheduler);
  keep("source_bits_ipv4", values.source_bits_ipv4, service.source_bits_ipv4);
  keep("source_bits_ipv6", values.source_bits_ipv6, service.source_bits_ipv6);
  keep("when_none", values.policy, service.policy);
  keep("udp", values.udp, service.udp);
  keep("table_slots", values.table_slots, service.table_slots);
  if (keys.contains("protocol")) return values;  // which has timeouts of its own
  keep("idle_timeout", values.idle_timeout_ms, service.idle_timeout_ms);
  keep("opening_timeout", values.opening_timeout_ms, service.opening_timeout_ms);
  keep("closing_timeout", values.closing_timeout_ms, service.closing_timeout_ms);
  return values;
}

// Its own keys as they are, without those that defaults_of() has.
json base_of(const ServiceConfig& service, const json& keys) {
  json base = to_json(service);
  for (const char* key : {"scheduler", "source_bits_ipv4", "source_bits_ipv6", "when_none", "udp", "table_slots",
                          "idle_timeout", "opening_timeout", "closing_timeout"})
    base.erase(key);
  if (keys.contains("protocol")) {
    base.erase("udp_idle_timeout");
    base.erase("udp_opening_timeout");
  }
  if (keys.contains("address")) base.erase("addresses");
  // A burst that was never said is the rate.
  for (const auto& [rate, burst] : {std::pair("new_flows_per_second", "new_flows_burst"),
                                    std::pair("source_flows_per_second", "source_flows_burst")}) {
    if (keys.contains(rate) && base.contains(burst) && base[burst] == base[rate]) base.erase(burst);
    if (keys.contains(rate) && keys[rate].is_null()) base.erase(burst);
  }
  if (keys.contains("source_flows_per_second") && keys["source_flows_per_second"].is_null()) {
    base.erase("source_flows_bits_ipv4");
    base.erase("source_flows_bits_ipv6");
  }
  return base;
}

Result<ServiceConfig> refined_service(const json& keys, const ServiceConfig& service) {
  json whole = base_of(service, keys);
  for (const auto& [key, value] : keys.items()) {
    if (is_key_of_pool(key)) continue;
    if (value.is_null())
      whole.erase(key);
    else
      whole[key] = value;
  }
  const auto tree = tree_of_json(whole);
  if (!tree) return failure_of(tree);
  Reading reading;
  auto draft = read_service(reading, "", *tree, 1, defaults_of(service, keys));
  if (auto read = outcome_of(reading); !read) return failure_of(read);
  return draft->config;
}

json keys_of_pool(const json& keys) {
  json result = json::object();
  for (const auto& [key, value] : keys.items()) {
    if (is_key_of_pool(key)) result[key] = value;
  }
  return result;
}

}  // namespace

bool has_own_pool(const Config& config, const ServiceConfig& service) {
  return service.pool == service.name &&
         std::none_of(config.services.begin(), config.services.end(), [&](const ServiceConfig& other) {
           return other.name != service.name && other.pool == service.pool;
         });
}

Result<ServiceAndPool> edited_service(const json& keys, const std::string& name, const Config& config) {
  const ServiceConfig* service = find_named(config.services, name);
  if (service == nullptr) return failure("there is no service \"" + name + "\"");
  const std::string path = "service." + name;
  auto allowed =
      check_keys(keys, path, keys::service,
                 {{"name", "add a service of that name, and remove this one"}, {"backends", members_remedy}});
  if (!allowed) return failure_of(allowed);
  const bool is_own = has_own_pool(config, *service);
  const json of_pool = keys_of_pool(keys);
  if (!is_own && !of_pool.empty())
    return failure(fmt::format("{}.{}: belongs to pool {}, which {}; use pool edit {}", path, of_pool.begin().key(),
                               service->pool, "the service shares", service->pool));
  if (is_own && keys.contains("pool") && keys["pool"] != service->pool)
    return failure(path + ".pool: the service has a pool of its own, which would be lost; remove it and add it again");
  auto refined = refined_service(keys, *service);
  if (!refined) return failure_of(refined);
  const PoolConfig* pool = find_named(config.pools, refined->pool);
  if (pool == nullptr) return failure(fmt::format("{}.pool: there is no pool {}", path, refined->pool));
  std::vector<ServiceConfig> after = config.services;
  *std::find_if(after.begin(), after.end(), [&](const auto& each) { return each.name == name; }) = *refined;
  const BackupPools backups = backup_pools(config.pools);
  Reading reading;
  ServiceAndPool result{std::move(*refined), *pool};
  if (is_own) {
    LooseDraft loose(*pool, config.services, backups);
    if (!of_pool.empty()) {
      auto read = refine_pool(of_pool, path, loose.draft());
      if (!read) return failure_of(read);
    }
    result.pool = loose.settled(reading, after, backups);
  } else if (result.service.pool != service->pool) {
    result.pool = resolve(reading, draft_of(*pool), after, backups);
  }
  if (auto settled = outcome_of(reading); !settled) return failure_of(settled);
  return result;
}

Result<PoolConfig> edited_pool(const json& keys, const std::string& name, const Config& config) {
  const PoolConfig* pool = find_named(config.pools, name);
  if (pool == nullptr) return failure("there is no pool \"" + name + "\"");
  const std::string path = "pool." + name;
  auto allowed = check_keys(keys, path, keys::pool,
                            {{"name", "services and backends are known by it"}, {"backends", members_remedy}});
  if (!allowed) return failure_of(allowed);
  const BackupPools backups = backup_pools(config.pools);
  LooseDraft loose(*pool, config.services, backups);
  auto read = refine_pool(keys, path, loose.draft());
  if (!read) return failure_of(read);
  Reading reading;
  PoolConfig result = loose.settled(reading, config.services, backups);
  if (auto settled = outcome_of(reading); !settled) return failure_of(settled);
  return result;
}

Result<BackendConfig> edited_backend(const json& keys, const std::string& pool_name, const std::string& name,
                                     const Config& config) {
  const PoolConfig* pool = find_named(config.pools, pool_name);
  if (pool == nullptr) return failure("there is no pool \"" + pool_name + "\"");
  const std::string path = fmt::format("pool.{}.backends[{}]", pool_name, name);
  auto allowed = check_keys(keys, path, keys::backend,
                            {{"name", "its place in the table goes by it; add another, and remove this one"}});
  if (allowed && keys.contains("address") && keys["address"].is_null())
    allowed = failure(path + ".address: a backend has one; give another");
  if (!allowed) return failure_of(allowed);
  const BackupPools backups = backup_pools(config.pools);
  PoolDraft draft = LooseDraft(*pool, config.services, backups).draft();
  const auto backend = std::find_if(draft.backends.begin(), draft.backends.end(),
                                    [&](const BackendDraft& each) { return each.config.name == name; });
  if (backend == draft.backends.end()) return failure("pool \"" + pool_name + "\" has no backend \"" + name + "\"");
  draft.backends = {*backend};
  BackendDraft& edited = draft.backends.front();
  const auto is_null = [&](const char* key) { return keys.contains(key) && keys[key].is_null(); };
  take_back(keys, edited.config.tunnel, pool->defaults->tunnel);
  // Another mode has what its pool says of it.
  if (is_null("forward") || (keys.contains("forward") && keys["forward"] != name_of(edited.config.forward)))
    edited.config.tunnel = pool->defaults->tunnel;
  if (is_null("mac")) edited.config.mac.reset();
  if (is_null("mac") || is_null("vlan")) edited.config.vlan = 0;
  if (is_null("port")) edited.config.port = 0;
  if (is_null("check")) edited.checks = draft.checks;
  json fresh = to_json(*pool);
  fresh["state"] = "enabled";
  for (const char* key : {"check", "gue_variant", "gue_port", "gre_key", "mss_clamp"}) fresh.erase(key);
  const auto tree = tree_of_json(spelled_out(keys, fresh));
  if (!tree) return failure_of(tree);
  Reading reading;
  TableReader reader(reading, "", *tree, path, keys::backend);
  reader.find("name");
  if (const Tree* address = reader.find("address")) {
    edited.config.address = read_address(reader, "address", *address).value_or(edited.config.address);
  }
  read_backend_keys(reader, edited);
  reader.finish();
  if (auto read = outcome_of(reading); !read) return failure_of(read);
  PoolConfig settled = resolve(reading, std::move(draft), config.services, backups);
  if (auto resolved = outcome_of(reading); !resolved) return failure_of(resolved);
  return settled.backends.front();
}

}  // namespace guideway
