// SPDX-License-Identifier: Apache-2.0
#include "controlplane/replay/memory_datapath.hh"

#include "controlplane/replay/load_compiled.hh"

namespace guideway {

MemoryDatapath::MemoryDatapath(const Capacities& capacities)
    : capacities_(capacities),
      health_words_(capacities.backends_max, 0),
      health_(health_words_),
      service_counters_(capacities.services_max),
      backend_counters_(capacities.backends_max),
      snapshot_(Snapshot::empty()) {}

Result<std::unique_ptr<MemoryDatapath>> MemoryDatapath::create(const Capacities& capacities) {
  std::unique_ptr<MemoryDatapath> datapath(new MemoryDatapath(capacities));
  auto pipeline =
      Pipeline::create(capacities, datapath->health_, datapath->crew_,
                       {datapath->worker_counters_, datapath->service_counters_, datapath->backend_counters_});
  if (!pipeline) return failure_of(pipeline);
  datapath->pipeline_ = std::make_unique<Pipeline>(std::move(*pipeline));
  return datapath;
}

Result<void> MemoryDatapath::install(const Compiled& compiled) {
  auto snapshot = load_compiled(compiled, tables_, capacities_);
  if (!snapshot) return failure_of(snapshot);
  snapshot_ = std::move(*snapshot);
  return {};
}

void MemoryDatapath::run(Burst& burst, std::uint32_t now_ticks) noexcept {
  pipeline_->run(burst, *snapshot_, now_ticks);
  pipeline_->count(burst);
  pipeline_->sweep(now_ticks);
}

Result<void> MemoryDatapath::take_released(Burst& burst, std::uint32_t now_ticks) {
  if (pipeline_->take_released(burst, *snapshot_, now_ticks)) pipeline_->count(burst);
  return {};
}

}  // namespace guideway
