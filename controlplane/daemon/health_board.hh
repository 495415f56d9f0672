// SPDX-License-Identifier: Apache-2.0
// The health of all backends: one BackendHealth each, by index, what each pool makes of them together, and the words
// that follow. A word is stored into the datapath's health table the moment it changes, and kept here too, so that a
// datapath that comes back gets all of them before it gets a snapshot. A first datapath that lived on without a control
// plane tells its words.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controlplane/compile/ledger.hh"
#include "controlplane/config/schema.hh"
#include "controlplane/health/backend_health.hh"
#include "controlplane/health/health_monitor.hh"
#include "controlplane/health/load_feedback.hh"
#include "controlplane/health/pool_health.hh"
#include "dataplane/forwarding/health_table.hh"

namespace guideway {

class HealthBoard {
 public:
  struct Entry {
    BackendKey key;
    BackendRecord record;
    HealthPolicy policy;
    BackendHealth health;
    HealthState told;  // what listeners know of
    std::optional<ProbeResult> last_check;
    bool passed_once = false;
  };
  struct Pool {
    PoolHealthConfig config;
    PoolHealth health;
    LoadFeedback feedback;
    PoolCounts counts;
    std::set<std::uint32_t> members;  // by index
    bool is_stale = true;             // they have not been told what it decided
  };
  // A backend's state or reason changed (not merely its share).
  using OnChange = std::function<void(const Entry& entry, const HealthState& before)>;
  // A pool's panic or quorum changed.
  using OnPoolChange = std::function<void(const std::string& name, const Pool& pool)>;

  explicit HealthBoard(OnChange on_change, OnPoolChange on_pool_change = {})
      : on_change_(std::move(on_change)), on_pool_change_(std::move(on_pool_change)) {}

  // Follows the ledger: new backends are down until checked, forgotten ones absent at once.
  void sync(const std::map<BackendKey, BackendRecord>& backends, const Config& config, std::int64_t now_ms);
  // Takes the words of a datapath that went on without us for backends of which nothing is known here yet.
  void restore(const HealthTable& datapath, std::int64_t now_ms);
  // Writes every word into the table and keeps it up to date from now on.
  void attach(const HealthTable& datapath);
  void detach() { datapath_.reset(); }
  // Words of backends that somebody else has written into the datapath's memory: put right, and their indexes told.
  [[nodiscard]] std::vector<std::uint32_t> repair();

  void check_result(std::uint32_t index, const ProbeResult& result, std::int64_t now_ms);
  void set_resolved(std::uint32_t index, bool resolved, std::int64_t now_ms);
  // What time alone changes, and what pools make of their backends. Call it several times a second.
  void tick(std::int64_t now_ms);

  [[nodiscard]] const std::map<std::uint32_t, Entry>& entries() const noexcept { return entries_; }
  [[nodiscard]] const std::map<std::string, Pool>& pools() const noexcept { return pools_; }
  [[nodiscard]] const Entry* find(std::uint32_t index) const;
  [[nodiscard]] const Pool* find_pool(const std::string& name) const;
  [[nodiscard]] std::uint64_t word(std::uint32_t index) const noexcept;
  // Our own words, for whoever computes what the datapath would.
  [[nodiscard]] HealthTable table() noexcept { return HealthTable(words_); }
  [[nodiscard]] std::vector<HealthMonitor::Target> check_targets() const;

 private:
  void store(std::uint32_t index, std::uint64_t word);
  void settle(Entry& entry);
  void take_record(Entry& entry, const BackendRecord& record, const HealthPolicy& policy, std::int64_t now_ms);
  void sync_pools(const Config& config, std::int64_t now_ms);
  void forget_gone(const std::map<BackendKey, BackendRecord>& backends);
  void count(Pool& pool, std::int64_t now_ms) const;
  void judge(const std::string& name, Pool& pool, std::int64_t now_ms);

  OnChange on_change_;
  OnPoolChange on_pool_change_;
  std::map<std::uint32_t, Entry> entries_;
  std::map<std::string, Pool> pools_;
  std::vector<std::uint64_t> words_;
  std::optional<HealthTable> datapath_;
};

}  // namespace guideway
