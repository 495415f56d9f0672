// SPDX-License-Identifier: Apache-2.0
// The wiring: what happens to a burst, in the order of the README's picture.
//
// One pipeline belongs to one worker. It holds what that worker remembers (fragments, cursors, buckets; its flow table
// lies with the crew) and nothing else; tables, health, time and the seed of chance are handed in. It never allocates,
// locks, logs or calls the system after construction.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/forwarding/capacities.hh"
#include "dataplane/forwarding/health_table.hh"
#include "dataplane/forwarding/snapshot.hh"
#include "dataplane/pipeline/burst.hh"
#include "dataplane/pipeline/crew.hh"
#include "dataplane/pipeline/fragments.hh"
#include "dataplane/pipeline/worker_counters.hh"

namespace guideway {

class Pipeline {
 public:
  // `counters`, `health` and `crew`, which this joins, must outlive the pipeline. The only place that allocates.
  // `random_seed` is what the scheduler random begins with: any number, 0 in a replay.
  [[nodiscard]] static Result<Pipeline> create(const Capacities& capacities, const HealthTable& health, Crew& crew,
                                               WorkerCounters counters, std::uint64_t random_seed = 0);

  // Decides for every packet of the burst: afterwards each has its `exit`, and those with GW_EXIT_SENT have been
  // rewritten for their backend and name their `egress_port`; so do answers. A packet with GW_EXIT_HELD is ours until
  // take_released(). `ingress_port` must be set. Packets are not counted yet: see count().
  void run(Burst& burst, const Snapshot& snapshot, std::uint32_t now_ticks) noexcept;

  // Fills the burst with fragments that were held until now and have their exits, as run() leaves them, all of one
  // ingress port; false if there are none. Call after run() and after sweep() until it says so.
  [[nodiscard]] bool take_released(Burst& burst, const Snapshot& snapshot, std::uint32_t now_ticks) noexcept;
  // Everything that is held leaves by GW_EXIT_DROP_FRAGMENT, through take_released(): for the end of a replay.
  void give_up_held() noexcept;

  // Counts the burst once its exits are final, that is after a port may have turned GW_EXIT_SENT into
  // GW_EXIT_DROP_TX_FULL, or a kernel exit into GW_EXIT_DROP_KERNEL_FULL. Received equals the sum of exits. Held
  // packets are not counted until they have one.
  void count(const Burst& burst) noexcept;

  // Forgets flows that have expired, and lets go fragments that have waited too long, a few buckets at a time; call
  // once a poll, busy or not.
  void sweep(std::uint32_t now_ticks) noexcept;

  [[nodiscard]] const FlowTable& flows() const noexcept { return own_.flows; }

 private:
  Pipeline(const Capacities& capacities, const HealthTable& health, Crew& crew, Crew::Member& own, Fragments fragments,
           std::uint64_t random_seed);
  [[nodiscard]] Answers answers_for(const Snapshot& snapshot, std::uint32_t now_ticks) noexcept;

  Crew& crew_;
  Crew::Member& own_;  // this worker's flow table and counters
  HealthTable health_;
  Fragments fragments_;
  FlowHasher hasher_;
  AnswerBuckets answer_buckets_;
  std::vector<gw_bucket> service_buckets_;          // by service id
  std::vector<gw_bucket> source_buckets_;           // GW_LIMIT_CELLS
  std::vector<std::uint32_t> round_robin_cursors_;  // by service id
  std::uint64_t random_state_;
};

}  // namespace guideway
