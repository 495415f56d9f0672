// SPDX-License-Identifier: Apache-2.0
// The wiring: what happens to a burst, in the order of the README's picture.
//
// One pipeline belongs to one worker. It holds what that worker remembers (flow table, cursors) and nothing else;
// tables, health and time are handed in. It never allocates, locks, logs or calls the system after construction.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/forwarding/capacities.hh"
#include "dataplane/forwarding/flow_table.hh"
#include "dataplane/forwarding/health_table.hh"
#include "dataplane/forwarding/snapshot.hh"
#include "dataplane/pipeline/burst.hh"
#include "dataplane/pipeline/worker_counters.hh"

namespace guideway {

class Pipeline {
 public:
  // `counters` and `health` must outlive the pipeline. The only place that allocates.
  [[nodiscard]] static Result<Pipeline> create(const Capacities& capacities, const HealthTable& health,
                                               WorkerCounters counters);

  // Decides for every packet of the burst: afterwards each has its `exit`, and those with GW_EXIT_SENT have been
  // rewritten for their backend and name their `egress_port`. Packets are not counted yet: see count().
  void run(Burst& burst, const Snapshot& snapshot, std::uint32_t now_ticks) noexcept;

  // Counts the burst once its exits are final, that is after a port may have turned GW_EXIT_SENT into
  // GW_EXIT_DROP_TX_FULL, or a kernel exit into GW_EXIT_DROP_KERNEL_FULL. Received equals the sum of exits.
  void count(const Burst& burst) noexcept;

  // Forgets what has expired, a few buckets at a time; call once a poll, busy or not.
  void sweep(std::uint32_t now_ticks) noexcept;

  [[nodiscard]] const FlowTable& flows() const noexcept { return flows_; }

 private:
  Pipeline(FlowTable flows, const HealthTable& health, WorkerCounters counters, std::uint32_t services_max);
  FlowTable flows_;
  HealthTable health_;
  WorkerCounters counters_;
  std::vector<std::uint32_t> round_robin_cursors_;  // by service id
};

}  // namespace guideway
