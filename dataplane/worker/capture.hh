// SPDX-License-Identifier: Apache-2.0
// A worker's copies of packets for a reader that wishes them (ebpf/abi/capture.h). Nobody captures: one load and one
// branch a burst. Somebody does: at most a ring of copies that the reader has not taken yet; what finds it full is
// counted as lost and costs no copy. It neither allocates nor locks nor makes a system call, and believes nothing that
// a reader wrote.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/pipeline/burst.hh"
#include "ebpf/abi/capture.h"

namespace guideway {

class Capture {
 public:
  // Nobody can capture.
  Capture() noexcept;
  // Everything must outlive this; `slots` are GW_CAPTURE_SLOTS.
  Capture(const gw_capture_wish& wish, std::span<const std::uint64_t> services, gw_capture_ring& ring,
          gw_capture_slot* slots) noexcept
      : wish_(&wish), services_(services), ring_(&ring), slots_(slots) {}

  [[nodiscard]] bool is_wished(std::uint32_t now_ticks) const noexcept {
    const std::uint32_t until_tick = __atomic_load_n(&wish_->until_tick, __ATOMIC_RELAXED);
    if (until_tick == 0) [[likely]]
      return false;
    return static_cast<std::int32_t>(until_tick - now_ticks) > 0;
  }

  // Before the pipeline; after it and before packets are handed over; once their exits are certain.
  void take_received(const Burst& burst) noexcept;
  void take_leaving(const Burst& burst) noexcept;
  void publish(const Burst& burst) noexcept;

 private:
  void take(const Burst& burst, std::uint32_t i, gw_capture_stage stage, std::uint64_t time_ns) noexcept;
  [[nodiscard]] bool is_wanted(const Packet& packet) const noexcept;
  [[nodiscard]] gw_capture_slot& slot(std::uint64_t number) const noexcept { return slots_[number % GW_CAPTURE_SLOTS]; }

  const gw_capture_wish* wish_;
  std::span<const std::uint64_t> services_;
  gw_capture_ring* ring_ = nullptr;
  gw_capture_slot* slots_ = nullptr;
  std::uint64_t written_ = 0;
  std::uint64_t lost_ = 0;
  // Copies that are not the reader's yet, since where their packets go is not certain: places in the burst.
  std::array<std::uint8_t, std::size_t{2} * burst_packets_max> staged_{};
  std::uint32_t staged_count_ = 0;
};

}  // namespace guideway
