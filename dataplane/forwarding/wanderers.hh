// SPDX-License-Identifier: Apache-2.0
// How many entries of flows that wander all workers of a datapath hold, by cell of the filter. A flow wanders if it
// began with a fragment: its fragments come to the worker of their addresses, its whole packets to that of their ports.
// A zero tells a worker in one look that nobody else has what it lacks. Written by every worker, but only when such an
// entry comes or goes; while there is none, one word that stays in every cache is all that is read.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "ebpf/abi/flow.h"

namespace guideway {

class Wanderers {
 public:
  // False: no worker remembers a wandering flow under this hash, certainly.
  [[nodiscard]] bool may_hold(std::uint64_t hash) const noexcept {
    return total_.load(std::memory_order_acquire) != 0 &&
           held_[gw_flow_filter_cell(hash)].load(std::memory_order_acquire) != 0;
  }
  void add(std::uint64_t hash) noexcept {
    held_[gw_flow_filter_cell(hash)].fetch_add(1, std::memory_order_release);
    total_.fetch_add(1, std::memory_order_release);
  }
  void remove(std::uint64_t hash) noexcept {
    total_.fetch_sub(1, std::memory_order_release);
    held_[gw_flow_filter_cell(hash)].fetch_sub(1, std::memory_order_release);
  }

 private:
  alignas(64) std::atomic<std::uint32_t> total_{0};
  alignas(64) std::array<std::atomic<std::uint32_t>, GW_FLOW_FILTER_CELLS> held_{};
};

}  // namespace guideway
