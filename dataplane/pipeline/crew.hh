// SPDX-License-Identifier: Apache-2.0
// What the workers of one datapath may read of each other. A NIC gives fragments and ICMP errors to a worker by their
// addresses alone, so the worker of a flow may be another: then its flow table is looked into from afar. And
// least-connections counts the flows of all workers. Nobody writes here but while the datapath starts.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "dataplane/base/check.hh"
#include "dataplane/forwarding/flow_table.hh"
#include "dataplane/pipeline/worker_counters.hh"

namespace guideway {

class Crew {
 public:
  // Room for exactly that many workers, so that references to their tables stay true.
  explicit Crew(std::uint32_t worker_count) : worker_count_(worker_count) { members_.reserve(worker_count); }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  struct Member {
    FlowTable flows;
    WorkerCounters counters;
  };
  // All workers must have joined before any of them runs.
  Member& join(FlowTable flows, WorkerCounters counters) {
    check(members_.size() < worker_count_, "the crew is complete");
    return members_.emplace_back(Member{std::move(flows), counters});
  }
  [[nodiscard]] std::uint32_t worker_count() const noexcept { return worker_count_; }
  // Of all workers' tables.
  [[nodiscard]] Wanderers& wanderers() noexcept { return wanderers_; }
  [[nodiscard]] const Wanderers& wanderers() const noexcept { return wanderers_; }

  // False: no other worker than `own` remembers anything under this hash, certainly.
  [[nodiscard]] bool others_may_hold(const FlowTable& own, std::uint64_t hash) const noexcept {
    for (const Member& member : members_)
      if (&member.flows != &own && member.flows.may_hold(hash)) return true;
    return false;
  }
  // What another worker than `own` remembers under this hash.
  [[nodiscard]] std::optional<gw_flow_entry> ask_others(const FlowTable& own, std::uint64_t hash,
                                                        std::uint32_t now_ticks) const noexcept {
    for (const Member& member : members_) {
      if (&member.flows == &own || !member.flows.may_hold(hash)) continue;
      if (const auto entry = member.flows.look_from_afar(hash, now_ticks)) return entry;
    }
    return std::nullopt;
  }
  // Entries that name the backend, in the tables of all workers.
  [[nodiscard]] std::uint64_t flows_of(std::uint32_t backend) const noexcept {
    std::uint64_t flows = 0;
    for (const Member& member : members_)
      flows += __atomic_load_n(&member.counters.backends[backend].remembered, __ATOMIC_RELAXED);
    return flows;
  }

 private:
  std::uint32_t worker_count_;
  Wanderers wanderers_;  // the tables of the members write to it
  std::vector<Member> members_;
};

}  // namespace guideway
