// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/config_delta.hh"

#include <map>
#include <set>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/config/backup_chain.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/same_names.hh"
#include "controlplane/config/validate.hh"

namespace guideway {
namespace {

using nlohmann::json;

template <typename T>
struct ListDifference {
  SharedList<T> other;  // new or changed
  std::vector<std::string> gone;
};

template <typename T>
ListDifference<T> difference(const SharedList<T>& from, const SharedList<T>& to) {
  ListDifference<T> result;
  if (from.shares_with(to)) return result;
  if (has_same_names(from, to)) {
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (!(from[i] == to[i])) result.other.push_back(to[i]);
    }
    return result;
  }
  std::map<std::string, const T*> before;
  for (const T& each : from) before.emplace(each.name, &each);
  for (const T& each : to) {
    const auto found = before.find(each.name);
    if (found == before.end() || !(*found->second == each)) result.other.push_back(each);
    if (found != before.end()) before.erase(found);
  }
  for (const auto& [name, each] : before) result.gone.push_back(name);
  return result;
}

template <typename T>
void replace(SharedList<T>& list, const SharedList<T>& other, const json& gone) {
  std::map<std::string, const T*> replaced;
  for (const T& each : other) replaced.emplace(each.name, &each);
  std::set<std::string> left_out;
  for (const json& name : gone) left_out.insert(name.get<std::string>());
  if (replaced.empty() && left_out.empty()) return;
  std::vector<T> next;
  for (const T& each : std::as_const(list)) {
    if (left_out.count(each.name) == 0 && replaced.count(each.name) == 0) next.push_back(each);
  }
  for (const T& each : other) next.push_back(each);
  list = std::move(next);
}

// By itself the part must be a configuration, so the pools of its services and the backups of its pools go along.
void add_needed_pools(SharedList<PoolConfig>& pools, const SharedList<ServiceConfig>& services,
                      const SharedList<PoolConfig>& all) {
  const BackupPools backups = backup_pools(all);
  std::set<std::string> needed;
  const auto need = [&](const std::string& pool) {
    for (const std::string& each : backup_chain(backups, pool)) needed.insert(each);
  };
  for (const ServiceConfig& service : services) need(service.pool);
  for (const PoolConfig& pool : std::as_const(pools)) need(pool.name);
  for (const PoolConfig& pool : std::as_const(pools)) needed.erase(pool.name);
  if (needed.empty()) return;
  for (const PoolConfig& pool : all) {
    if (needed.count(pool.name) != 0) pools.push_back(pool);
  }
}

struct Differences {
  ListDifference<PoolConfig> pools;
  ListDifference<ServiceConfig> services;
};

Differences differences(const Config& from, const Config& to) {
  return {difference(from.pools, to.pools), difference(from.services, to.services)};
}

json json_of(Differences&& differences, const Config& to) {
  auto& [pools, services] = differences;
  add_needed_pools(pools.other, services.other, to.pools);
  Config part = to;
  part.pools = std::move(pools.other);
  part.services = std::move(services.other);
  json delta{{"config", to_json(part)}};
  if (!pools.gone.empty()) delta["gone_pools"] = std::move(pools.gone);
  if (!services.gone.empty()) delta["gone_services"] = std::move(services.gone);
  return delta;
}

std::size_t size_of(const SharedList<PoolConfig>& pools, const SharedList<ServiceConfig>& services) {
  std::size_t size = services.size();
  for (const PoolConfig& pool : pools) size += 1 + pool.backends.size();
  return size;
}

}  // namespace

json delta_json(const Config& from, const Config& to) { return json_of(differences(from, to), to); }

std::optional<json> small_delta_json(const Config& from, const Config& to) {
  constexpr std::size_t small_in_any_case = 100;
  Differences found = differences(from, to);
  const std::size_t size = size_of(found.pools.other, found.services.other);
  if (size > small_in_any_case && 2 * size >= size_of(to.pools, to.services)) return std::nullopt;
  return json_of(std::move(found), to);
}

Result<Config> with_delta(const Config& from, const json& delta) {
  if (!delta.is_object() || !delta.contains("config")) return failure("what was changed is missing");
  for (const char* key : {"gone_pools", "gone_services"}) {
    if (delta.contains(key) && !delta[key].is_array()) return failure(std::string(key) + " is not a list");
  }
  auto part = config_from_json(delta["config"]);
  if (!part) return failure_of(part);
  Config next = *part;
  next.pools = from.pools;
  next.services = from.services;
  const json none = json::array();
  replace(next.pools, part->pools, delta.contains("gone_pools") ? delta["gone_pools"] : none);
  replace(next.services, part->services, delta.contains("gone_services") ? delta["gone_services"] : none);
  sort_by_name(next, from);
  return next;
}

}  // namespace guideway
