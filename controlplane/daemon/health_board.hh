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
#include <utility>
#include <vector>

#include "controlplane/compile/ledger.hh"
#include "controlplane/config/schema.hh"
#include "controlplane/daemon/decisive_check.hh"
#include "controlplane/health/backend_health.hh"
#include "controlplane/health/health_monitor.hh"
#include "controlplane/health/load_feedback.hh"
#include "controlplane/health/pool_health.hh"
#include "dataplane/forwarding/health_table.hh"

namespace guideway {

// What checks through a service speak to.
struct CheckService {
  IpAddress address;
  std::uint8_t dscp = 0;
};

class HealthBoard {
 public:
  struct Entry {
    BackendKey key;
    BackendRecord record;
    HealthPolicy policy;
    BackendHealth health;
    HealthState told;  // what listeners know of
    CheckResults results;
    std::optional<ProbeResult> last_check;  // of several checks, what they say together
    bool passed_once = false;
  };
  struct Pool {
    PoolHealthConfig config;
    PoolHealth health;
    LoadFeedback feedback;
    PoolCounts counts;
    std::set<std::uint32_t> members;  // by index
    // Of the services that it serves, the first in each family, for checks that go through one.
    std::map<Family, CheckService> services;
    bool is_stale = true;     // they have not been told what it decided
    bool is_counted = false;  // `counts` are those of today's members and of what is known of them
  };
  // A backend's state or reason changed (not merely its share).
  using OnChange = std::function<void(const Entry& entry, const HealthState& before)>;
  // A pool's panic or quorum changed.
  using OnPoolChange = std::function<void(const std::string& name, const Pool& pool)>;

  explicit HealthBoard(OnChange on_change, OnPoolChange on_pool_change = {})
      : on_change_(std::move(on_change)), on_pool_change_(std::move(on_pool_change)) {}

  // Follows the ledger: new backends are down until checked, forgotten ones absent at once.
  void sync(const std::map<BackendKey, BackendRecord>& backends, const Config& config, std::int64_t now_ms);
  // The same where it is known what is new.
  void follow(const std::map<BackendKey, BackendRecord>& backends, const LedgerNews& news, const Config& config,
              std::int64_t now_ms);
  // Takes the words of a datapath that went on without us for backends of which nothing is known here yet.
  void restore(const HealthTable& datapath, std::int64_t now_ms);
  // Writes every word into the table and keeps it up to date from now on.
  void attach(const HealthTable& datapath);
  void detach() { datapath_.reset(); }
  // Words of backends that somebody else has written into the datapath's memory: put right, and their indexes told.
  [[nodiscard]] std::vector<std::uint32_t> repair();

  // `number`: of several checks of the backend, which.
  void check_result(std::uint32_t index, const ProbeResult& result, std::int64_t now_ms, std::size_t number = 0);
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
  // The id of a target there: whose check, and which of them.
  [[nodiscard]] static std::uint32_t check_id(std::uint32_t index, std::size_t number) noexcept {
    static_assert(GW_BACKENDS_MAX <= 1U << index_bits && checks_max <= 1U << (32 - index_bits));
    return index | static_cast<std::uint32_t>(number) << index_bits;
  }
  [[nodiscard]] static std::uint32_t index_of(std::uint32_t id) noexcept { return id & ((1U << index_bits) - 1); }
  [[nodiscard]] static std::size_t number_of(std::uint32_t id) noexcept { return id >> index_bits; }

 private:
  static constexpr std::uint32_t index_bits = 20;

  void store(std::uint32_t index, std::uint64_t word);
  // After anything of an entry has changed.
  void settle(Entry& entry);
  void take_record(Entry& entry, const BackendRecord& record, const HealthPolicy& policy, std::int64_t now_ms);
  void sync_pools(const Config& config, std::int64_t now_ms);
  void sync_services(const Config& config);
  // Nothing: there is no service to go through.
  [[nodiscard]] std::optional<HealthMonitor::Target> target_of(const Entry& entry, std::size_t number) const;
  void follow_one(const BackendKey& key, const BackendRecord& record, const PoolConfig* pool, std::int64_t now_ms);
  void forget(std::uint32_t index);
  void count(Pool& pool, std::int64_t now_ms) const;
  void judge(const std::string& name, Pool& pool, std::int64_t now_ms);

  OnChange on_change_;
  OnPoolChange on_pool_change_;
  std::map<std::uint32_t, Entry> entries_;
  std::map<std::string, Pool> pools_;
  std::set<std::uint32_t> ticking_;  // entries that time changes
  std::vector<std::uint64_t> words_;
  std::optional<HealthTable> datapath_;
};

}  // namespace guideway
