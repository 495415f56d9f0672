// SPDX-License-Identifier: Apache-2.0
// One worker's counters (ebpf/abi/counters.h), in memory that others may read while the worker writes: one writer,
// plain 64-bit stores that no reader can see torn.
#pragma once

#include <cstdint>
#include <span>

#include "ebpf/abi/counters.h"

namespace guideway {

inline void add_to(__u64& counter, std::uint64_t amount) noexcept {
  __atomic_store_n(&counter, counter + amount, __ATOMIC_RELAXED);
}

struct WorkerCounters {
  gw_worker_counters& worker;
  std::span<gw_service_counters> services;
  std::span<gw_backend_counters> backends;
};

}  // namespace guideway
