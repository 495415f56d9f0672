// SPDX-License-Identifier: Apache-2.0
// What a replay needs of the datapath that decides: the C++ pipeline in memory, or the XDP program in the kernel. Both
// have one worker, and nothing of theirs is ever full.
#pragma once

#include <cstdint>

#include "controlplane/compile/ledger.hh"
#include "dataplane/base/result.hh"
#include "dataplane/forwarding/health_table.hh"
#include "dataplane/pipeline/burst.hh"
#include "ebpf/abi/counters.h"

namespace guideway {

class ReplayDatapath {
 public:
  ReplayDatapath() = default;
  ReplayDatapath(const ReplayDatapath&) = delete;
  ReplayDatapath& operator=(const ReplayDatapath&) = delete;
  virtual ~ReplayDatapath() = default;

  // As if it had come through the door: checked, then used by the next packet. On error nothing changes.
  [[nodiscard]] virtual Result<void> install(const Compiled& compiled) = 0;
  // Decides, rewrites and counts, as Pipeline::run(), count() and sweep() do. Packets with GW_EXIT_HELD keep their
  // memory until take_released() gives them back.
  [[nodiscard]] virtual Result<void> decide(Burst& burst, std::uint32_t now_ticks) = 0;
  // Fills the burst with held packets that have their exits now, counted. An empty burst: there are none. Call after
  // decide() until it is; what a first fragment released has its place in that burst as `released_after`.
  [[nodiscard]] virtual Result<void> take_released(Burst& burst, std::uint32_t now_ticks) = 0;
  // The end: whatever is held leaves by GW_EXIT_DROP_FRAGMENT, through take_released().
  virtual void give_up_held() noexcept = 0;

  [[nodiscard]] virtual const HealthTable& health() const noexcept = 0;
  [[nodiscard]] virtual const gw_worker_counters& counters() const noexcept = 0;
  // `index` and `id` must be below the capacities.
  [[nodiscard]] virtual const gw_backend_counters& backend_counters(std::uint32_t index) const = 0;
  [[nodiscard]] virtual const gw_service_counters& service_counters(std::uint32_t id) const = 0;
};

}  // namespace guideway
