// SPDX-License-Identifier: Apache-2.0
#include "controlplane/compile/ledger.hh"

#include <algorithm>

#include "controlplane/compile/ledger_difference.hh"
#include "controlplane/config/same_names.hh"

namespace guideway {
namespace {

// The next number below `limit` that is not taken, going round from `next`; `limit` if there is none.
std::uint32_t take_number(const std::set<std::uint32_t>& taken, std::uint32_t& next, std::uint32_t limit) {
  for (std::uint32_t i = 0; i < limit; ++i) {
    const std::uint32_t candidate = (next + i) % limit;
    if (taken.count(candidate) != 0) continue;
    next = (candidate + 1) % limit;
    return candidate;
  }
  return limit;
}

bool is_reached_alike(const BackendConfig& a, const BackendConfig& b) {
  return a.address == b.address && a.mac == b.mac && a.vlan == b.vlan && a.forward == b.forward && a.tunnel == b.tunnel;
}

bool is_checked_alike(const BackendConfig& a, const BackendConfig& b) {
  return a.address == b.address && a.port == b.port && a.check == b.check && a.checks == b.checks &&
         a.further_checks == b.further_checks;
}

// What its backends have of it.
bool has_same_ways(const PoolConfig& a, const PoolConfig& b) {
  return a.slow_start_ms == b.slow_start_ms && a.health == b.health && a.backup_pool == b.backup_pool;
}

std::set<std::string> names_of(const PoolConfig& pool) {
  std::set<std::string> names;
  for (const BackendConfig& backend : pool.backends) names.insert(backend.name);
  return names;
}

}  // namespace

Ledger::Difference Ledger::difference_to(const Config& config) const {
  Difference difference;
  const auto note = [&](const PoolConfig* before, const PoolConfig& pool) {
    if (before != nullptr && *before == pool) return;
    difference.pools.push_back(&pool);
    if (before == nullptr || !has_same_ways(*before, pool)) difference.all_new.insert(pool.name);
  };
  const std::vector<PoolConfig>& before = config_.pools;
  const std::vector<PoolConfig>& after = config.pools;
  if (!is_first_ && has_same_names(std::as_const(config_).pools, config.pools)) {
    for (std::size_t i = 0; i < after.size(); ++i) note(&before[i], after[i]);
  } else {
    std::map<std::string, const PoolConfig*> known;
    for (const PoolConfig& pool : before) known.emplace(pool.name, &pool);
    // What was loaded has no configuration yet, and may hold pools that are in none.
    for (const auto& [key, record] : backends_) known.try_emplace(key.pool, nullptr);
    for (const PoolConfig& pool : after) {
      const auto found = known.find(pool.name);
      note(found == known.end() ? nullptr : found->second, pool);
      if (found != known.end()) known.erase(found);
    }
    for (const auto& [name, pool] : known) difference.gone_pools.push_back(name);
  }
  difference.services = is_first_ || !(config_.services == config.services);
  if (!difference.services) return difference;
  for (const ServiceConfig& service : config.services) {
    for (const ServiceKey& key : keys_of(service)) difference.service_keys.insert(key);
  }
  return difference;
}

Result<void> Ledger::check_room(const Difference& difference) const {
  std::size_t held = backends_.size();
  for (const PoolConfig* pool : difference.pools) {
    for (const BackendConfig& backend : pool->backends) {
      if (backends_.count({pool->name, backend.name}) != 0 || ++held <= capacities_.backends_max) continue;
      return failure("backend \"" + pool->name + "/" + backend.name + "\": the datapath has room for " +
                     std::to_string(capacities_.backends_max) + " backends; start it with more --backends-max");
    }
  }
  std::size_t ids = 0;
  for (const ServiceKey& key : difference.service_keys) {
    if (++ids <= capacities_.services_max) continue;
    return failure("service address " + key.address.text() + ": the datapath has room for " +
                   std::to_string(capacities_.services_max) + " service addresses; start it with more --services-max");
  }
  return {};
}

Result<void> Ledger::adopt(const Config& config, const std::set<BackendKey>& at_once, std::int64_t now_ms) {
  Difference difference = difference_to(config);
  if (auto fits = check_room(difference); !fits) return fits;
  news_.ways |= config.tunnel_source_ipv4 != config_.tunnel_source_ipv4 ||
                config.tunnel_source_ipv6 != config_.tunnel_source_ipv6;
  news_.pools |= difference.services || !difference.all_new.empty() || !difference.gone_pools.empty();
  news_.population |= difference.services;
  // Checks may go through a service, of their pool or of one that it stands in for.
  news_.checks |= difference.services || !difference.all_new.empty();
  for (const std::string& pool : difference.gone_pools) let_leave(pool, {}, at_once);
  for (const PoolConfig* pool : difference.pools) adopt_pool(*pool, difference.all_new.count(pool->name) != 0, at_once);
  config_ = config;
  is_first_ = false;
  if (difference.services) {
    adopt_services(difference.service_keys);
    rows_.has_services = false;
  }
  difference.serving = !serving_.empty();
  adopt_serving();
  adopt_tables(difference, now_ms);
  return {};
}

Result<void> Ledger::fit(const Capacities& capacities) {
  if (!indexes_taken_.empty() && *indexes_taken_.rbegin() >= capacities.backends_max)
    return failure("backend index " + std::to_string(*indexes_taken_.rbegin()) +
                   " is above the datapath's capacity; start it with more --backends-max");
  for (const auto& [key, id] : service_ids_) {
    if (id >= capacities.services_max)
      return failure("service address " + key.address.text() + " has number " + std::to_string(id) +
                     ", above the datapath's capacity; start it with more --services-max");
  }
  capacities_ = capacities;
  return {};
}

void Ledger::adopt_pool(const PoolConfig& pool, bool is_all_new, const std::set<BackendKey>& at_once) {
  let_leave(pool.name, names_of(pool), at_once);
  for (const BackendConfig& backend : pool.backends) {
    const BackendKey key{pool.name, backend.name};
    adopt_backend(key, backend);
    if (is_all_new) changed(key, backends_.at(key).index);
  }
  changed(pool.name);
}

void Ledger::adopt_backend(const BackendKey& key, const BackendConfig& config) {
  const auto [found, is_new] = backends_.try_emplace(key);
  BackendRecord& record = found->second;
  if (is_new) {
    record.index = take_number(indexes_taken_, next_index_, capacities_.backends_max);
    indexes_taken_.insert(record.index);
    const auto given_before = generations_.find(record.index);
    record.generation = given_before == generations_.end() ? 1 : given_before->second + 1;
    if (given_before != generations_.end()) generations_.erase(given_before);
    changed("");
    news_.population = news_.checks = news_.ways = true;
  } else if (record.config == config && !record.leaving) {
    return;
  }
  news_.ways |= !is_reached_alike(record.config, config);
  news_.checks |= record.leaving || !is_checked_alike(record.config, config);
  record.config = config;
  record.leaving = record.at_once = false;
  leaving_.erase(key);
  changed(key, record.index);
}

void Ledger::let_leave(const std::string& pool, const std::set<std::string>& staying,
                       const std::set<BackendKey>& at_once) {
  for (auto each = backends_.lower_bound({pool, ""}); each != backends_.end() && each->first.pool == pool; ++each) {
    auto& [key, record] = *each;
    if (staying.count(key.name) != 0) continue;
    record.leaving = true;
    record.at_once = record.at_once || at_once.count(key) != 0;
    leaving_.insert(key);
    news_.checks = true;
    changed(key, record.index);
    changed(pool);
  }
}

std::vector<Ledger::ServiceKey> Ledger::keys_of(const ServiceConfig& service) {
  std::vector<ServiceKey> keys;
  for (const AddressPrefix& address : service.addresses) {
    for (const Protocol protocol : service.protocol.list())
      keys.push_back({address, service.port, service.port_last, protocol});
  }
  return keys;
}

void Ledger::adopt_services(const std::set<ServiceKey>& configured) {
  std::set<std::uint32_t> taken;
  for (auto each = service_ids_.begin(); each != service_ids_.end();) {
    if (configured.count(each->first) == 0) {
      each = service_ids_.erase(each);
      news_.population = true;
    } else {
      taken.insert((each++)->second);
    }
  }
  for (const ServiceKey& key : configured) {
    const auto [found, is_new] = service_ids_.try_emplace(key);
    if (!is_new) continue;
    found->second = take_number(taken, next_service_id_, capacities_.services_max);
    taken.insert(found->second);
    news_.population = true;
  }
  changed("");
}

void Ledger::forget(const BackendKey& key, const BackendRecord& record) {
  generations_[record.index] = record.generation;
  indexes_taken_.erase(record.index);
  changed(key, record.index);
  news_.population = news_.checks = news_.ways = true;
  changed(key.pool);
  changed("");
}

const BackendRecord* Ledger::find(const BackendKey& key) const {
  const auto found = backends_.find(key);
  return found == backends_.end() ? nullptr : &found->second;
}

std::vector<std::uint32_t> Ledger::service_ids(const ServiceConfig& service) const {
  std::vector<std::uint32_t> ids;
  for (const ServiceKey& key : keys_of(service)) {
    if (const auto found = service_ids_.find(key); found != service_ids_.end()) ids.push_back(found->second);
  }
  return ids;
}

}  // namespace guideway
