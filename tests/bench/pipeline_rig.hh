// SPDX-License-Identifier: Apache-2.0
// The pipeline alone over frames from a ring (frame_ring.hh). What the ring costs is the floor; a benchmark runs the
// same loop with nothing but a swap of MAC addresses to know it.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>

#include "controlplane/replay/memory_datapath.hh"
#include "tests/bench/scene.hh"

namespace guideway {

class PipelineRig {
 public:
  explicit PipelineRig(const Scene& scene) : scene_(scene), ring_(scene.ring()) {
    CompiledScene compiled(scene);
    datapath_ = std::move(*MemoryDatapath::create(scene.capacities()));
    for (std::uint32_t i = 0; i < scene.backends; ++i) datapath_->health().store(i, compiled.health_of(i));
    check(datapath_->install(compiled.snapshot()).has_value(), "the snapshot is valid");
    // Whatever is remembered of these flows is, before anything is measured.
    const std::uint64_t packets = std::uint64_t{2} * scene.flows * 100 / (101 - scene.flood_percent);
    for (std::uint64_t i = 0; i < packets && i < 1U << 25U; i += burst_packets_max) run_burst();
  }

  // The floor: everything but the pipeline, and a swap of MAC addresses instead of it.
  void swap_burst() noexcept {
    take_burst();
    for (std::uint32_t i = 0; i < burst_.count; ++i) {
      std::byte* mac = burst_.packets[i].data;
      std::byte kept[6];
      std::memcpy(kept, mac, 6);
      std::memcpy(mac, mac + 6, 6);
      std::memcpy(mac + 6, kept, 6);
    }
    __asm__ volatile("" ::: "memory");
  }
  void run_burst() noexcept {
    take_burst();
    datapath_->run(burst_, now_ticks);
  }
  [[nodiscard]] const gw_worker_counters& counters() const noexcept { return datapath_->counters(); }
  [[nodiscard]] MemoryDatapath& datapath() noexcept { return *datapath_; }
  [[nodiscard]] const Burst& burst() const noexcept { return burst_; }
  [[nodiscard]] const Scene& scene() const noexcept { return scene_; }

 private:
  static constexpr std::uint32_t now_ticks = 100;
  void take_burst() noexcept { ring_.take_burst(burst_); }

  Scene scene_;
  FrameRing ring_;
  std::unique_ptr<MemoryDatapath> datapath_;
  Burst burst_;
};

}  // namespace guideway
