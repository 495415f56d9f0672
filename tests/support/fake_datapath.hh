// SPDX-License-Identifier: Apache-2.0
// A datapath without packets, for whatever stands in front of a door.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "dataplane/base/mapping.hh"
#include "dataplane/door/datapath.hh"

namespace guideway::testing_support {

class FakeDatapath final : public door::Datapath {
 public:
  explicit FakeDatapath(const Capacities& capacities = {16, 16, 1024})
      : capacities_(capacities),
        health_(*make_shared_memory("health", 64)),
        counters_(*make_shared_memory("counters", 64)) {}

  void describe(door::Welcome& welcome) const override {
    std::memcpy(welcome.datapath.data(), "fake", 4);
    welcome.worker_count = 2;
    welcome.port_count = 1;
  }
  [[nodiscard]] door::SharedMemory shared_memory() const override { return {health_.get(), 64, counters_.get(), 64}; }
  [[nodiscard]] Capacities capacities() const override { return capacities_; }
  [[nodiscard]] const Snapshot& newest() const override { return *newest_; }
  [[nodiscard]] Result<void> publish(std::unique_ptr<const Snapshot> next) override {
    if (full) return failure("no memory for a table");
    newest_ = std::move(next);
    ++published_count;
    return {};
  }
  [[nodiscard]] Result<std::optional<door::FoundFlow>> find_flow(std::uint64_t hash) override {
    asked_hash = hash;
    if (mute) return failure("worker 1 does not answer");
    return found;
  }

  [[nodiscard]] Result<FlowScan> read_flows(std::uint32_t worker, std::uint32_t first_bucket,
                                            std::span<gw_flow_entry> room) override {
    if (mute) return failure("worker 1 does not answer");
    read_from = {worker, first_bucket};
    FlowScan scan{static_cast<std::uint32_t>(std::min(room.size(), remembered.size())), next_bucket};
    std::copy_n(remembered.begin(), scan.count, room.begin());
    return scan;
  }
  [[nodiscard]] std::uint32_t now_ticks() const override { return 1000; }

  std::pair<std::uint32_t, std::uint32_t> read_from;
  std::vector<gw_flow_entry> remembered;
  std::uint32_t next_bucket = 0;
  std::uint32_t published_count = 0;
  std::uint64_t asked_hash = 0;
  bool mute = false;
  bool full = false;
  std::optional<door::FoundFlow> found;

 private:
  Capacities capacities_;
  UniqueFd health_;
  UniqueFd counters_;
  std::unique_ptr<const Snapshot> newest_ = Snapshot::empty();
};

}  // namespace guideway::testing_support
