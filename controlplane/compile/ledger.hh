// SPDX-License-Identifier: Apache-2.0
// What the control plane has given out and must never confuse: backend indexes, service ids, and the tables with the
// home of every slot. The ledger turns a configuration into snapshots; it is pure (time is handed in) and can be
// saved and loaded, so that a restart goes on with the same indexes and homes and no flow notices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "controlplane/compile/ledger_texts.hh"
#include "controlplane/compile/table_lineage.hh"
#include "controlplane/config/schema.hh"
#include "dataplane/base/result.hh"
#include "dataplane/forwarding/capacities.hh"
#include "ebpf/abi/snapshot.h"

namespace guideway {

struct BackendKey {
  std::string pool;
  std::string name;
  friend auto operator<=>(const BackendKey&, const BackendKey&) = default;
};

struct BackendRecord {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  // of its health word
  BackendConfig config;          // as last configured
  bool leaving = false;          // no longer configured; must be held draining until the ledger forgets it
  bool at_once = false;          // leaving without draining: must be held down
};

// How a backend is reached, by the kernel's tables and the datapath's ports.
struct Reachability {
  MacAddress next_hop_mac;
  MacAddress source_mac;
  AddressPrefix outer_source;  // tunnelled backends; the bits behind it come from the flow's hash
  std::uint16_t mtu_bytes = 1500;
  std::uint16_t vlan = 0;  // the route's; a VLAN that the configuration gives goes first
  std::uint8_t port = 0;
  friend bool operator==(const Reachability&, const Reachability&) = default;
};
using ReachabilityByIndex = std::map<std::uint32_t, Reachability>;  // an absent backend is unresolved

struct CompiledTable {
  std::uint64_t id = 0;
  std::shared_ptr<const std::vector<std::byte>> bytes;  // gw_table_header and slots
};

struct Compiled {
  std::uint64_t generation = 0;
  std::vector<std::byte> snapshot;
  std::vector<CompiledTable> tables;  // all that the snapshot names, each once
};

// What the ledger must know of the datapath to retire slots and forget backends.
struct BackendFacts {
  std::function<bool(std::uint32_t index)> alive;                // health word up or draining
  std::function<std::uint64_t(std::uint32_t index)> remembered;  // flow entries that name it, over all workers
};

// What has changed since somebody last followed the ledger.
struct LedgerNews {
  std::set<std::pair<BackendKey, std::uint32_t>> backends;  // new, changed or gone, with their indexes
  bool pools = false;                 // they came, went or are other beside their backends; or services are
  bool population = false;            // backends or service addresses came or went
  bool checks = false;                // whom to check, or how
  bool ways = false;                  // how a backend is reached
  std::vector<CompiledTable> tables;  // that were built, for the next snapshot to name
};

class Ledger {
 public:
  explicit Ledger(const Capacities& capacities) : capacities_(capacities) {}

  // Takes over a configuration: gives indexes and ids to what is new, rebuilds the tables whose members or weights
  // changed, and lets backends that are no longer configured leave (those in `at_once` without draining). What equals
  // the configuration before is not looked at.
  // All or nothing: on error (capacity) the ledger is unchanged. `now_ms` is wall-clock time, since it is saved.
  [[nodiscard]] Result<void> adopt(const Config& config, const std::set<BackendKey>& at_once, std::int64_t now_ms);

  // Which pool serves in the place of which (those that are not named serve themselves). Their tables get the other's
  // members as any change of members does: slots move, and established flows stay where they are as long as that lives.
  // True if anything changed. It outlives restarts, and the configuration may make it void.
  bool set_serving(const std::map<std::string, std::string>& serving, std::int64_t now_ms);
  [[nodiscard]] const std::map<std::string, std::string>& serving() const noexcept { return serving_; }

  // From now on for a datapath of these capacities; an error names what does not fit, and nothing is changed.
  [[nodiscard]] Result<void> fit(const Capacities& capacities);

  // Retires slots (home = current) that have been moving for their services' idle timeout or whose home is not alive,
  // and forgets leaving backends that no slot and no flow entry names. Returns whether anything changed, that is
  // whether a new snapshot should be published. Cheap when nothing moves; call it about once a second.
  bool retire(std::int64_t now_ms, const BackendFacts& facts);

  // The snapshot of the adopted configuration. A table that did not change keeps its id and its bytes.
  [[nodiscard]] Compiled compile(std::uint64_t generation, const ReachabilityByIndex& reachability) const;
  // The same bytes, from the rows of the last call where nothing has changed since. `ways` is the same object as long
  // as it says the same.
  [[nodiscard]] Compiled recompile(std::uint64_t generation,
                                   const std::shared_ptr<const ReachabilityByIndex>& ways) const;

  [[nodiscard]] const std::map<BackendKey, BackendRecord>& backends() const noexcept { return backends_; }
  [[nodiscard]] const BackendRecord* find(const BackendKey& key) const;
  // The ids of a service's rows, one an address and protocol, to read its counters by.
  [[nodiscard]] std::vector<std::uint32_t> service_ids(const ServiceConfig& service) const;
  [[nodiscard]] std::uint32_t moving_slots() const;

  [[nodiscard]] const LedgerNews& news() const noexcept { return news_; }
  [[nodiscard]] LedgerNews take_news() { return std::exchange(news_, {}); }

  // Everything but the configuration; load() restores it before the first adopt(). It fails on damage. Of a backend
  // that is configured only the numbers are in it.
  [[nodiscard]] LedgerTexts save() const;
  [[nodiscard]] static Result<Ledger> load(const LedgerTexts& saved, const Capacities& capacities);

 private:
  class Storage;
  struct ServiceKey {
    AddressPrefix address;
    std::uint16_t port = 0;
    std::uint16_t port_last = 0;
    Protocol protocol = Protocol::tcp;
    [[nodiscard]] auto order() const {
      return std::tuple(address.address.family, address.address.bytes, address.bits, port, port_last, protocol);
    }
    // Ids are given out in this order, which a replay shows.
    friend auto operator<=>(const ServiceKey& a, const ServiceKey& b) { return a.order() <=> b.order(); }
    friend bool operator==(const ServiceKey& a, const ServiceKey& b) { return a.order() == b.order(); }
  };
  struct PoolTable {
    std::string pool;
    std::uint32_t slots = 0;
    friend auto operator<=>(const PoolTable&, const PoolTable&) = default;
  };

  struct Difference;
  // The rows of a snapshot.
  struct Rows {
    bool has_services = false;
    std::vector<gw_service> services;
    std::vector<std::uint32_t> tables;  // of each service: its position in tables_
    std::vector<gw_access_prefix> access_prefixes;
    std::vector<gw_backend> backends;                        // by index
    std::shared_ptr<const ReachabilityByIndex> ways;         // that they were made with; null: there are none yet
    std::set<std::pair<BackendKey, std::uint32_t>> stale{};  // backends that have changed since
  };

  [[nodiscard]] static std::vector<ServiceKey> keys_of(const ServiceConfig& service);
  [[nodiscard]] Difference difference_to(const Config& config) const;
  [[nodiscard]] Result<void> check_room(const Difference& difference) const;
  void adopt_pool(const PoolConfig& pool, bool is_all_new, const std::set<BackendKey>& at_once);
  void adopt_backend(const BackendKey& key, const BackendConfig& config);
  void let_leave(const std::string& pool, const std::set<std::string>& staying, const std::set<BackendKey>& at_once);
  void adopt_services(const std::set<ServiceKey>& configured);
  void adopt_serving();
  [[nodiscard]] std::vector<PoolTable> tables_to_look_at(const Difference& difference);
  void adopt_tables(const Difference& difference, std::int64_t now_ms);
  void build_tables(const std::vector<std::pair<PoolTable, std::vector<TableMember>>>& wanted, std::int64_t now_ms);
  void changed(const std::string& pool) {
    texts_.erase(pool);
    untold_.insert(pool);
  }
  void changed(const BackendKey& key, std::uint32_t index) {
    news_.backends.emplace(key, index);
    if (rows_.ways != nullptr) rows_.stale.emplace(key, index);
  }
  void forget(const BackendKey& key, const BackendRecord& record);
  void make_service_rows(Rows& rows) const;
  void make_backend_rows(Rows& rows, const ReachabilityByIndex& ways) const;
  void renew_backend_rows(Rows& rows, const ReachabilityByIndex& ways) const;
  [[nodiscard]] Compiled assembled(std::uint64_t generation, Rows& rows) const;
  [[nodiscard]] std::string text_of(const std::string& pool) const;
  [[nodiscard]] std::string text_of_rest() const;
  [[nodiscard]] bool is_named(std::uint32_t backend) const;
  [[nodiscard]] std::map<PoolTable, std::int64_t> idle_timeouts_ms() const;

  Capacities capacities_;
  Config config_;
  bool is_first_ = true;  // nothing was adopted yet
  std::map<BackendKey, BackendRecord> backends_;
  std::map<ServiceKey, std::uint32_t> service_ids_;
  // Shared with copies of the ledger and replaced, never changed: a change of one service copies one table.
  std::map<PoolTable, std::shared_ptr<const TableLineage>> tables_;
  std::map<std::string, std::string> serving_;          // by the pool in whose place
  std::map<std::uint32_t, std::uint32_t> generations_;  // last generation of indexes that were given back
  std::set<std::uint32_t> indexes_taken_;
  std::set<BackendKey> leaving_;
  // Numbers are given out in a circle, so that the counters of what left are not at once another's.
  std::uint32_t next_index_ = 0;
  std::uint32_t next_service_id_ = 0;
  LedgerNews news_;
  mutable LedgerTexts texts_;                 // as save() gave them, but for what has changed since
  mutable std::set<std::string> untold_{""};  // the pools (and "", the rest) that have changed since
  mutable Rows rows_;                         // as recompile() gave them, but for those that are stale
};

}  // namespace guideway
