// SPDX-License-Identifier: Apache-2.0
// HealthBoard towards the ledger: which backends and pools there are, and what of them is new.
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "controlplane/config/backup_chain.hh"
#include "controlplane/daemon/health_board.hh"

namespace guideway {
namespace {

HealthPolicy policy_of(const BackendRecord& record, const PoolConfig* pool) {
  const CheckConfig& check = record.config.check;
  HealthPolicy policy{check.kind != CheckKind::none, check.rise, check.fall, 0, {}, {}, record.config.checks};
  for (const CheckConfig& further : record.config.further_checks)
    policy.further_checks.push_back({further.rise, further.fall});
  if (pool == nullptr) return policy;
  policy.slow_start_ms = pool->slow_start_ms;
  policy.flap = {pool->health.flap_hold_ms, pool->health.flap_hold_max_ms};
  return policy;
}

const PoolConfig* pool_of(const Config& config, const std::string& name) {
  const std::vector<PoolConfig>& pools = config.pools;
  const auto found =
      std::lower_bound(pools.begin(), pools.end(), name,
                       [](const PoolConfig& pool, const std::string& wanted) { return pool.name < wanted; });
  return found == pools.end() || found->name != name ? nullptr : &*found;
}

}  // namespace

void HealthBoard::sync(const std::map<BackendKey, BackendRecord>& backends, const Config& config, std::int64_t now_ms) {
  LedgerNews all;
  all.pools = true;
  for (const auto& [index, entry] : entries_) all.backends.emplace(entry.key, index);
  for (const auto& [key, record] : backends) all.backends.emplace(key, record.index);
  follow(backends, all, config, now_ms);
}

void HealthBoard::follow(const std::map<BackendKey, BackendRecord>& backends, const LedgerNews& news,
                         const Config& config, std::int64_t now_ms) {
  if (news.pools) {
    sync_pools(config, now_ms);
    sync_services(config);
  }
  // First those that are gone: another may have the index already.
  for (const auto& [key, index] : news.backends) {
    const auto entry = entries_.find(index);
    if (entry == entries_.end() || entry->second.key != key) continue;
    const auto record = backends.find(key);
    if (record == backends.end() || record->second.index != index) forget(index);
  }
  for (const auto& [key, index] : news.backends) {
    const auto record = backends.find(key);
    if (record == backends.end() || record->second.index != index) continue;
    follow_one(key, record->second, pool_of(config, key.pool), now_ms);
  }
}

void HealthBoard::follow_one(const BackendKey& key, const BackendRecord& record, const PoolConfig* pool,
                             std::int64_t now_ms) {
  const HealthPolicy policy = policy_of(record, pool);
  const auto own_pool = pools_.find(key.pool);
  if (own_pool != pools_.end()) own_pool->second.members.insert(record.index);
  auto found = entries_.find(record.index);
  const bool is_same = found != entries_.end() && found->second.record.generation == record.generation &&
                       found->second.record.config.address == record.config.address;
  if (is_same) return take_record(found->second, record, policy, now_ms);
  entries_.erase(record.index);
  ticking_.erase(record.index);
  Entry entry{key, record, policy, BackendHealth(policy, now_ms), {}, {}, std::nullopt, false};
  entry.told = entry.health.state();
  take_record(entries_.emplace(record.index, std::move(entry)).first->second, record, policy, now_ms);
  if (own_pool == pools_.end()) return;
  own_pool->second.feedback.forget(record.index);
  own_pool->second.is_stale = true;
}

void HealthBoard::sync_pools(const Config& config, std::int64_t now_ms) {
  std::set<std::string_view> names;
  for (const PoolConfig& pool : config.pools) {
    names.insert(pool.name);
    const auto known = pools_.find(pool.name);
    if (known != pools_.end()) {
      known->second.config = pool.health;
      known->second.services.clear();
      continue;
    }
    Pool fresh{pool.health, PoolHealth(std::nullopt, now_ms), {}, {}, {}, {}, true, false};
    // Those that were leaving when a pool of this name went.
    for (const auto& [index, entry] : entries_) {
      if (entry.key.pool == pool.name) fresh.members.insert(index);
    }
    pools_.emplace(pool.name, std::move(fresh));
  }
  for (auto each = pools_.begin(); each != pools_.end();)
    each = names.count(each->first) == 0 ? pools_.erase(each) : std::next(each);
}

void HealthBoard::sync_services(const Config& config) {
  const BackupPools backups = backup_pools(config.pools);
  for (const ServiceConfig& service : config.services) {
    for (const std::string& name : backup_chain(backups, service.pool)) {
      const auto pool = pools_.find(name);
      if (pool == pools_.end()) continue;
      for (const AddressPrefix& prefix : service.addresses)
        pool->second.services.try_emplace(prefix.address.family, CheckService{prefix.address, service.dscp});
    }
  }
}

void HealthBoard::forget(std::uint32_t index) {
  const auto entry = entries_.find(index);
  store(index, gw_health_word(0, GW_HEALTH_ABSENT, GW_REASON_NONE, entry->second.record.generation));
  if (const auto pool = pools_.find(entry->second.key.pool); pool != pools_.end()) {
    pool->second.feedback.forget(index);
    pool->second.members.erase(index);
    pool->second.is_counted = false;
  }
  ticking_.erase(index);
  entries_.erase(entry);
}

}  // namespace guideway
