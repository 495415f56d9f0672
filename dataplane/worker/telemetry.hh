// SPDX-License-Identifier: Apache-2.0
// How a worker fares (ebpf/abi/counters.h): busy cycles, sizes of bursts, and now and then the time that a burst took
// from the receive queue to the transmit queue. One reading of the clock a poll, two more for one burst in 64.
#pragma once

#include <bit>
#include <cstdint>

#include "dataplane/pipeline/worker_counters.hh"
#include "dataplane/worker/cycles.hh"

namespace guideway {

class Telemetry {
 public:
  // `cycles_per_second` turns cycles into time.
  Telemetry(gw_worker_counters& counters, std::uint64_t cycles_per_second) noexcept
      : counters_(counters),
        ns_per_cycle_(cycles_per_second == 0 ? 0 : (std::uint64_t{1'000'000'000} << 24U) / cycles_per_second) {}

  // From now on it counts.
  void begin(std::uint64_t now_cycles) noexcept { counted_to_ = now_cycles; }
  // What has passed since the last call was a poll that found packets, or anything else: an empty one, or sleep.
  void count_time(bool was_busy, std::uint64_t now_cycles) noexcept {
    const std::uint64_t took = now_cycles - counted_to_;
    counted_to_ = now_cycles;
    add_to(counters_.cycles, took);
    if (was_busy) add_to(counters_.busy_cycles, took);
  }

  // A burst of `packets`, at least one, was received: true if this one is to be timed.
  [[nodiscard]] bool count_burst(std::uint32_t packets) noexcept {
    const auto size_class = static_cast<std::uint32_t>(std::bit_width(packets)) - 1;
    add_to(counters_.bursts[size_class < GW_BURST_CLASSES ? size_class : GW_BURST_CLASSES - 1], 1);
    return ++bursts_ % GW_LATENCY_SAMPLED_OF == 0;
  }
  void count_latency(std::uint64_t cycles) noexcept {
    const std::uint64_t ns = cycles * ns_per_cycle_ >> 24U;
    const auto bits = static_cast<std::uint32_t>(std::bit_width(ns));
    const std::uint32_t latency_class = bits < GW_LATENCY_FIRST_BITS ? 0 : bits - GW_LATENCY_FIRST_BITS;
    add_to(counters_.latencies[latency_class < GW_LATENCY_CLASSES ? latency_class : GW_LATENCY_CLASSES - 1], 1);
    add_to(counters_.latency_sum_ns, ns);
  }

 private:
  gw_worker_counters& counters_;
  std::uint64_t ns_per_cycle_;  // 24 bits behind the point
  std::uint64_t counted_to_ = 0;
  std::uint32_t bursts_ = 0;
};

}  // namespace guideway
