// SPDX-License-Identifier: Apache-2.0
// A whole datapath of one worker in memory: the real pipeline, tables, health and counters, without ports, door, root
// or clock. Replay, the simulator and tests run packets through it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "controlplane/replay/replay_datapath.hh"
#include "dataplane/forwarding/snapshot.hh"
#include "dataplane/pipeline/pipeline.hh"

namespace guideway {

class MemoryDatapath final : public ReplayDatapath {
 public:
  [[nodiscard]] static Result<std::unique_ptr<MemoryDatapath>> create(const Capacities& capacities);

  [[nodiscard]] Result<void> install(const Compiled& compiled) override;
  // Decides and counts; exits are final, since nothing here can be full.
  void run(Burst& burst, std::uint32_t now_ticks) noexcept;
  [[nodiscard]] Result<void> decide(Burst& burst, std::uint32_t now_ticks) override {
    run(burst, now_ticks);
    return {};
  }

  [[nodiscard]] Result<void> take_released(Burst& burst, std::uint32_t now_ticks) override;
  void give_up_held() noexcept override { pipeline_->give_up_held(); }

  [[nodiscard]] const HealthTable& health() const noexcept override { return health_; }
  [[nodiscard]] const Snapshot& snapshot() const noexcept { return *snapshot_; }
  [[nodiscard]] const FlowTable& flows() const noexcept { return pipeline_->flows(); }
  [[nodiscard]] const gw_worker_counters& counters() const noexcept override { return worker_counters_; }
  [[nodiscard]] const gw_backend_counters& backend_counters(std::uint32_t index) const override {
    return backend_counters_.at(index);
  }
  [[nodiscard]] const gw_service_counters& service_counters(std::uint32_t id) const override {
    return service_counters_.at(id);
  }

 private:
  explicit MemoryDatapath(const Capacities& capacities);
  Capacities capacities_;
  std::vector<std::uint64_t> health_words_;
  HealthTable health_;
  gw_worker_counters worker_counters_{};
  std::vector<gw_service_counters> service_counters_;
  std::vector<gw_backend_counters> backend_counters_;
  TableStore tables_;
  std::unique_ptr<const Snapshot> snapshot_;
  Crew crew_{1};
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace guideway
