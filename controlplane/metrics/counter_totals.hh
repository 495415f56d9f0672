// SPDX-License-Identifier: Apache-2.0
// What a datapath counted, added up since the control plane started: numbers that never go backwards. A datapath that
// starts anew begins at zero, an index or id may have counted for another before, a service may lose an address; here
// only what was counted in a name's own time is added to that name. Gauges are taken as they are.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controlplane/compile/ledger.hh"
#include "controlplane/publish/counters_view.hh"

namespace guideway {

// A block of 64-bit counters of ebpf/abi/counters.h, and what it said when it was last read.
template <typename Block>
class BlockTotal {
 public:
  static constexpr std::size_t words = sizeof(Block) / sizeof(std::uint64_t);

  // Adds what was counted since the last call; the first one only remembers where to count from.
  void add(const Block& now);
  // The next add() is a first one again: the block belongs to somebody else.
  void restart() noexcept { is_begun_ = false; }
  [[nodiscard]] const Block& total() const noexcept { return total_; }

 private:
  Block total_{};
  Block last_{};
  bool is_begun_ = false;
};

class CounterTotals {
 public:
  struct Service {
    std::map<std::uint32_t, BlockTotal<gw_service_counters>> by_id;
    gw_service_counters gone{};  // counted under ids that it no longer has
    [[nodiscard]] gw_service_counters total() const noexcept;
  };
  struct Backend {
    std::uint32_t index = 0;
    BlockTotal<gw_backend_counters> counters;
  };
  struct Worker {
    BlockTotal<gw_worker_counters> counters;
    std::uint64_t flows_highest = 0;  // that flows_remembered was ever seen at
  };

  // Reads everything. To be called whenever the ledger has changed, a door has opened or is about to close, and before
  // a look. `counters` is null while there is no datapath: then only names are followed.
  void follow(const Ledger& ledger, const std::vector<ServiceConfig>& services, const CountersView* counters);
  // Reads how full the flow tables are, and nothing else; cheap enough for every second.
  void note_occupancy(const CountersView& counters);

  [[nodiscard]] const std::map<std::string, Service>& services() const noexcept { return services_; }
  [[nodiscard]] const std::map<BackendKey, Backend>& backends() const noexcept { return backends_; }
  [[nodiscard]] const std::vector<Worker>& workers() const noexcept { return workers_; }

 private:
  void follow_services(const Ledger& ledger, const std::vector<ServiceConfig>& services, const CountersView* counters);
  void follow_backends(const Ledger& ledger, const CountersView* counters);

  std::map<std::string, Service> services_;
  std::map<BackendKey, Backend> backends_;
  std::vector<Worker> workers_;
};

}  // namespace guideway
