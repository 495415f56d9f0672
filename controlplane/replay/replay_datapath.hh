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
  // Decides, rewrites and counts, as Pipeline::run(), count() and sweep() do.
  [[nodiscard]] virtual Result<void> decide(Burst& burst, std::uint32_t now_ticks) = 0;

  [[nodiscard]] virtual const HealthTable& health() const noexcept = 0;
  [[nodiscard]] virtual const gw_worker_counters& counters() const noexcept = 0;
  // `index` and `id` must be below the capacities.
  [[nodiscard]] virtual const gw_backend_counters& backend_counters(std::uint32_t index) const = 0;
  [[nodiscard]] virtual const gw_service_counters& service_counters(std::uint32_t id) const = 0;
};

}  // namespace guideway
