// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/health_board.hh"

#include <algorithm>
#include <set>
#include <utility>

namespace guideway {
namespace {

constexpr std::uint32_t load_floor_percent = 10;

// A check without a port belongs to a pool that no service uses.
bool can_be_made(const CheckConfig& check) {
  return check.kind != CheckKind::none && (!has_port(check.kind) || check.port != 0);
}

// Whom a pool counts: not those that somebody wants out, or that have no part in its table.
bool is_wanted(const HealthBoard::Entry& entry) {
  if (entry.record.leaving || entry.record.config.weight == 0) return false;
  if (entry.health.administrative() != Administrative::enabled) return false;
  const std::optional<AgentReport>& agent = entry.health.agent();
  return !agent || (agent->word == AgentWord::ready && agent->percent != 0);
}

// The operator's word; a backend removed by force takes nothing any more.
Administrative administrative_of(const BackendRecord& record) {
  return record.at_once ? Administrative::disabled : record.config.administrative;
}

}  // namespace

void HealthBoard::take_record(Entry& entry, const BackendRecord& record, const HealthPolicy& policy,
                              std::int64_t now_ms) {
  entry.record = record;
  entry.results.resize(check_count(record.config));
  entry.policy = policy;
  entry.health.set_policy(policy, now_ms);
  entry.health.set_administrative(administrative_of(record), now_ms);
  entry.health.set_leaving(record.leaving, now_ms);
  settle(entry);
}

void HealthBoard::restore(const HealthTable& datapath, std::int64_t now_ms) {
  for (auto& [index, entry] : entries_) {
    if (index >= datapath.size() || entry.passed_once) continue;
    const std::uint64_t word = datapath.load(index);
    const HealthState known = HealthState::of_word(word);
    if (known.state == GW_HEALTH_ABSENT || gw_health_generation(word) != entry.record.generation) continue;
    entry.health = BackendHealth(entry.policy, known, now_ms);
    entry.health.set_administrative(administrative_of(entry.record), now_ms);
    entry.health.set_leaving(entry.record.leaving, now_ms);
    if (const auto pool = pools_.find(entry.key.pool); pool != pools_.end()) {
      if (known.reason == GW_REASON_LOAD) pool->second.feedback.begin_at(index, known.share);
      pool->second.is_stale = true;
    }
    settle(entry);
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

void HealthBoard::check_result(std::uint32_t index, const ProbeResult& result, std::int64_t now_ms,
                               std::size_t number) {
  auto found = entries_.find(index);
  if (found == entries_.end() || number >= found->second.results.size()) return;
  Entry& entry = found->second;
  entry.results[number] = result;
  entry.last_check = combined_result(entry.record.config, entry.results, number);
  entry.passed_once |= result.outcome == ProbeOutcome::ok;
  bool changed = entry.health.check_result(result.outcome, result.detail, now_ms, number);
  if (result.agent)
    changed |= entry.health.set_agent(applied(*result.agent, entry.health.agent().value_or(AgentReport{})), now_ms);
  const auto pool = pools_.find(entry.key.pool);
  // Latencies of different checks are no measure of each other: the first one's count.
  if (pool != pools_.end() && result.outcome != ProbeOutcome::inconclusive && number == 0)
    pool->second.feedback.checked(index, result.outcome == ProbeOutcome::ok, result.latency_us);
  // The pool is asked before the word goes out: in panic nobody is down even for a moment.
  if (changed && pool != pools_.end()) {
    pool->second.is_counted = false;
    judge(pool->first, pool->second, now_ms);
  }
  settle(entry);
}

void HealthBoard::set_resolved(std::uint32_t index, bool resolved, std::int64_t now_ms) {
  auto found = entries_.find(index);
  if (found == entries_.end()) return;
  found->second.health.set_resolved(resolved, now_ms);
  settle(found->second);
}

void HealthBoard::tick(std::int64_t now_ms) {
  for (const std::uint32_t index : std::set(ticking_)) {
    Entry& entry = entries_.at(index);
    entry.health.tick(now_ms);
    settle(entry);
  }
  for (auto& [name, pool] : pools_) judge(name, pool, now_ms);
}

void HealthBoard::count(Pool& pool, std::int64_t now_ms) const {
  if (std::exchange(pool.is_counted, true)) return;
  pool.counts = {};
  for (const std::uint32_t index : pool.members) {
    const Entry& entry = entries_.at(index);
    if (!is_wanted(entry)) continue;
    const HealthState own = entry.health.operational(now_ms);
    if (own.reason == GW_REASON_UNRESOLVED || own.reason == GW_REASON_NOT_CHECKED) continue;
    ++pool.counts.could_serve;
    if (own.state == GW_HEALTH_UP) ++pool.counts.serve;
  }
}

void HealthBoard::judge(const std::string& name, Pool& pool, std::int64_t now_ms) {
  count(pool, now_ms);
  const PoolCounts& counts = pool.counts;
  const bool changed = pool.health.update({pool.config.panic_percent, pool.config.quorum}, counts, now_ms);
  const LoadFeedbackPolicy load{pool.config.load_feedback == LoadFeedbackKind::latency, load_floor_percent};
  const bool moved = pool.feedback.update(load, counts.could_serve - counts.serve, counts.could_serve, now_ms);
  if (changed && on_pool_change_) on_pool_change_(name, pool);
  if (!changed && !moved && !std::exchange(pool.is_stale, false)) return;
  pool.is_stale = false;
  for (const std::uint32_t index : pool.members) {
    Entry& entry = entries_.at(index);
    entry.health.set_panic(pool.health.panic(), now_ms);
    entry.health.set_load_share(pool.feedback.share(index), now_ms);
    settle(entry);
  }
}

void HealthBoard::settle(Entry& entry) {
  const HealthState& now = entry.health.state();
  const std::uint32_t index = entry.record.index;
  store(index, now.word(entry.record.generation));
  if (entry.health.wants_ticks())
    ticking_.insert(index);
  else
    ticking_.erase(index);
  if (const auto pool = pools_.find(entry.key.pool); pool != pools_.end()) pool->second.is_counted = false;
  const HealthState before = std::exchange(entry.told, now);
  if (on_change_ && (before.state != now.state || before.reason != now.reason)) on_change_(entry, before);
}

void HealthBoard::store(std::uint32_t index, std::uint64_t word) {
  if (words_.size() <= index) words_.resize(std::max<std::size_t>(index + 1, words_.size() * 2));
  if (words_[index] == word) return;
  words_[index] = word;
  if (datapath_ && index < datapath_->size()) datapath_->store(index, word);
}

std::vector<std::uint32_t> HealthBoard::repair() {
  std::vector<std::uint32_t> repaired;
  if (!datapath_) return repaired;
  for (const auto& [index, entry] : entries_) {
    if (index >= datapath_->size() || datapath_->load(index) == words_[index]) continue;
    datapath_->store(index, words_[index]);
    repaired.push_back(index);
  }
  return repaired;
}

const HealthBoard::Entry* HealthBoard::find(std::uint32_t index) const {
  auto found = entries_.find(index);
  return found == entries_.end() ? nullptr : &found->second;
}

const HealthBoard::Pool* HealthBoard::find_pool(const std::string& name) const {
  auto found = pools_.find(name);
  return found == pools_.end() ? nullptr : &found->second;
}

std::uint64_t HealthBoard::word(std::uint32_t index) const noexcept {
  return index < words_.size() ? words_[index] : 0;
}

std::vector<HealthMonitor::Target> HealthBoard::check_targets() const {
  std::vector<HealthMonitor::Target> targets;
  for (const auto& [index, entry] : entries_) {
    const BackendConfig& config = entry.record.config;
    for (std::size_t number = 0; number < check_count(config) && !entry.record.at_once; ++number) {
      if (auto target = target_of(entry, number)) targets.push_back(std::move(*target));
    }
  }
  return targets;
}

std::optional<HealthMonitor::Target> HealthBoard::target_of(const Entry& entry, std::size_t number) const {
  const BackendConfig& config = entry.record.config;
  const CheckConfig& check = check_at(config, number);
  if (!can_be_made(check)) return std::nullopt;
  HealthMonitor::Target target{check_id(entry.record.index, number), config.address, check.port, check};
  if (check.through == CheckThrough::backend) return target;
  const Pool* pool = find_pool(entry.key.pool);
  if (pool == nullptr || pool->services.empty()) return std::nullopt;
  // Of the backend's family if there is one: the kernel knows our address towards the backend in that.
  const auto same = pool->services.find(config.address.family);
  const CheckService& service = same != pool->services.end() ? same->second : pool->services.begin()->second;
  target.address = service.address;
  target.way = CheckWay{entry.record.index, service.dscp};
  return target;
}

}  // namespace guideway
