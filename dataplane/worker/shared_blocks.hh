// SPDX-License-Identifier: Apache-2.0
// The memory that a poll-mode datapath hands out through the door: the health table, which the control plane writes,
// and the counters, which it may only read. Both are anonymous files that nobody can resize, touched in advance, so
// that neither a peer nor a page fault can stop a worker.
#pragma once

#include <cstdint>

#include "dataplane/base/mapping.hh"
#include "dataplane/base/result.hh"
#include "dataplane/forwarding/capacities.hh"
#include "dataplane/forwarding/health_table.hh"
#include "dataplane/pipeline/worker_counters.hh"

namespace guideway {

class HealthBlock {
 public:
  // Every word 0: absent.
  [[nodiscard]] static Result<HealthBlock> create(const Capacities& capacities);
  [[nodiscard]] HealthTable table() const noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] std::uint64_t length_bytes() const noexcept { return memory_.bytes().size(); }

 private:
  HealthBlock(UniqueFd fd, Mapping memory) noexcept : fd_(std::move(fd)), memory_(std::move(memory)) {}
  UniqueFd fd_;
  Mapping memory_;
};

class CountersBlock {
 public:
  // Laid out by ebpf/abi/counters.h. `cycles_per_second` as measured (cycles.hh).
  [[nodiscard]] static Result<CountersBlock> create(const Capacities& capacities, std::uint32_t worker_count,
                                                    std::uint64_t cycles_per_second);
  [[nodiscard]] WorkerCounters worker(std::uint32_t index) const noexcept;
  [[nodiscard]] std::uint64_t cycles_per_second() const noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] std::uint64_t length_bytes() const noexcept { return memory_.bytes().size(); }

 private:
  CountersBlock(UniqueFd fd, Mapping memory) noexcept : fd_(std::move(fd)), memory_(std::move(memory)) {}
  UniqueFd fd_;
  Mapping memory_;
};

}  // namespace guideway
