// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/health_board.hh"

#include <algorithm>
#include <utility>

namespace guideway {
namespace {

// A check without a port belongs to a pool that no service uses.
bool can_be_checked(const BackendRecord& record) {
  return record.config.check.kind != CheckKind::none && record.config.check.port != 0;
}

HealthPolicy policy_of(const BackendRecord& record, std::uint32_t slow_start_ms) {
  const CheckConfig& check = record.config.check;
  return {check.kind != CheckKind::none, check.rise, check.fall, slow_start_ms};
}

// The operator's word; a backend removed by force takes nothing any more.
Administrative administrative_of(const BackendRecord& record) {
  return record.at_once ? Administrative::disabled : record.config.administrative;
}

}  // namespace

void HealthBoard::sync(const std::map<BackendKey, BackendRecord>& backends, const Config& config, std::int64_t now_ms) {
  std::map<std::string, std::uint32_t> slow_start_ms;
  for (const PoolConfig& pool : config.pools) slow_start_ms[pool.name] = pool.slow_start_ms;
  std::map<std::uint32_t, const BackendKey*> known;
  for (const auto& [key, record] : backends) {
    known[record.index] = &key;
    const HealthPolicy policy = policy_of(record, slow_start_ms[key.pool]);
    auto found = entries_.find(record.index);
    const bool is_same = found != entries_.end() && found->second.record.generation == record.generation &&
                         found->second.record.config.address == record.config.address;
    if (is_same) {
      take_record(found->second, record, policy, now_ms);
      continue;
    }
    entries_.erase(record.index);
    Entry entry{key, record, policy, BackendHealth(policy, now_ms), std::nullopt, false};
    take_record(entries_.emplace(record.index, std::move(entry)).first->second, record, policy, now_ms);
  }
  for (auto each = entries_.begin(); each != entries_.end();) {
    if (known.count(each->first) != 0) {
      ++each;
      continue;
    }
    store(each->first, gw_health_word(0, GW_HEALTH_ABSENT, GW_REASON_NONE, each->second.record.generation));
    each = entries_.erase(each);
  }
}

void HealthBoard::take_record(Entry& entry, const BackendRecord& record, const HealthPolicy& policy,
                              std::int64_t now_ms) {
  const HealthState before = entry.health.state();
  entry.record = record;
  entry.policy = policy;
  entry.health.set_policy(policy, now_ms);
  entry.health.set_administrative(administrative_of(record), now_ms);
  entry.health.set_leaving(record.leaving, now_ms);
  settle(entry, before);
}

void HealthBoard::restore(const HealthTable& datapath, std::int64_t now_ms) {
  for (auto& [index, entry] : entries_) {
    if (index >= datapath.size() || entry.passed_once) continue;
    const std::uint64_t word = datapath.load(index);
    const HealthState known = HealthState::of_word(word);
    if (known.state == GW_HEALTH_ABSENT || gw_health_generation(word) != entry.record.generation) continue;
    const HealthState before = entry.health.state();
    entry.health = BackendHealth(entry.policy, known, now_ms);
    entry.health.set_administrative(administrative_of(entry.record), now_ms);
    entry.health.set_leaving(entry.record.leaving, now_ms);
    settle(entry, before);
  }
}

void HealthBoard::attach(const HealthTable& datapath) {
  datapath_ = datapath;
  for (std::uint32_t index = 0; index < datapath.size(); ++index) {
    if (entries_.count(index) != 0) {
      datapath.store(index, words_[index]);
      continue;
    }
    // Nobody's index: absent, with its generation, whatever a former control plane left there.
    const std::uint64_t word = datapath.load(index);
    if (gw_health_state_of(word) == GW_HEALTH_ABSENT) continue;
    datapath.store(index, gw_health_word(0, GW_HEALTH_ABSENT, GW_REASON_NONE, gw_health_generation(word)));
  }
}

void HealthBoard::check_result(std::uint32_t index, const ProbeResult& result, std::int64_t now_ms) {
  auto found = entries_.find(index);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  const HealthState before = entry.health.state();
  entry.last_check = result;
  entry.passed_once |= result.outcome == ProbeOutcome::ok;
  entry.health.check_result(result.outcome, result.detail, now_ms);
  settle(entry, before);
}

void HealthBoard::set_resolved(std::uint32_t index, bool resolved, std::int64_t now_ms) {
  auto found = entries_.find(index);
  if (found == entries_.end()) return;
  const HealthState before = found->second.health.state();
  found->second.health.set_resolved(resolved, now_ms);
  settle(found->second, before);
}

void HealthBoard::tick(std::int64_t now_ms) {
  for (auto& [index, entry] : entries_) {
    if (!entry.health.climbing()) continue;
    const HealthState before = entry.health.state();
    entry.health.tick(now_ms);
    settle(entry, before);
  }
}

void HealthBoard::settle(Entry& entry, const HealthState& before) {
  const HealthState& now = entry.health.state();
  store(entry.record.index, now.word(entry.record.generation));
  if (on_change_ && (before.state != now.state || before.reason != now.reason)) on_change_(entry, before);
}

void HealthBoard::store(std::uint32_t index, std::uint64_t word) {
  if (words_.size() <= index) words_.resize(std::max<std::size_t>(index + 1, words_.size() * 2));
  if (words_[index] == word) return;
  words_[index] = word;
  if (datapath_ && index < datapath_->size()) datapath_->store(index, word);
}

const HealthBoard::Entry* HealthBoard::find(std::uint32_t index) const {
  auto found = entries_.find(index);
  return found == entries_.end() ? nullptr : &found->second;
}

std::uint64_t HealthBoard::word(std::uint32_t index) const noexcept {
  return index < words_.size() ? words_[index] : 0;
}

std::vector<HealthMonitor::Target> HealthBoard::check_targets() const {
  std::vector<HealthMonitor::Target> targets;
  for (const auto& [index, entry] : entries_) {
    if (entry.record.at_once || !can_be_checked(entry.record)) continue;
    const BackendConfig& config = entry.record.config;
    targets.push_back({index, config.address, config.check.port, config.check});
  }
  return targets;
}

}  // namespace guideway
