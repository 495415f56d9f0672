// SPDX-License-Identifier: Apache-2.0
// A datapath without packets behind the real door (dataplane/door), on a thread of its own: it holds shared memory,
// takes snapshots and writes down what it saw when it took them.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dataplane/base/mapping.hh"
#include "dataplane/door/datapath.hh"
#include "dataplane/door/server.hh"
#include "dataplane/forwarding/health_table.hh"
#include "ebpf/abi/counters.h"
#include "ebpf/abi/flow.h"

namespace guideway {

class FakeDatapath : public door::Datapath {
 public:
  static constexpr std::uint32_t workers = 2;

  explicit FakeDatapath(Capacities capacities = {64, 128, 1024}) : capacities_(capacities), newest_(Snapshot::empty()) {
    const std::size_t health_bytes = capacities.backends_max * sizeof(std::uint64_t);
    stride_bytes_ = sizeof(gw_worker_counters) + capacities.services_max * sizeof(gw_service_counters) +
                    capacities.backends_max * sizeof(gw_backend_counters);
    const std::size_t counters_bytes = sizeof(gw_counters_header) + workers * stride_bytes_;
    health_fd_ = std::move(*make_shared_memory("test-health", health_bytes));
    counters_fd_ = std::move(*make_shared_memory("test-counters", counters_bytes));
    health_ = std::move(*Mapping::of_file(health_fd_.get(), health_bytes, true));
    counters_ = std::move(*Mapping::of_file(counters_fd_.get(), counters_bytes, true));
    const gw_counters_header header{GW_COUNTERS_MAGIC,
                                    GW_ABI_VERSION,
                                    workers,
                                    capacities.services_max,
                                    capacities.backends_max,
                                    static_cast<std::uint32_t>(stride_bytes_),
                                    2'500'000'000,
                                    {}};
    std::memcpy(counters_.data(), &header, sizeof header);
  }

  void describe(door::Welcome& welcome) const override {
    std::strcpy(welcome.datapath.data(), "test-datapath");
    welcome.process_id = 1;
    welcome.worker_count = workers;
    welcome.port_count = 1;
    door::PortDescription& port = welcome.ports[0];
    port.number = 0;
    port.mtu_bytes = 1500;
    port.mac = {2, 0, 0, 0, 0, 9};
    std::strcpy(port.name.data(), "port0");
    std::strcpy(port.kernel_face.data(), "lo");
  }
  [[nodiscard]] door::SharedMemory shared_memory() const override {
    return {health_fd_.get(), health_.bytes().size(), counters_fd_.get(), counters_.bytes().size()};
  }
  [[nodiscard]] Capacities capacities() const override { return capacities_; }
  [[nodiscard]] const Snapshot& newest() const override { return *newest_; }
  [[nodiscard]] Result<void> publish(std::unique_ptr<const Snapshot> next) override {
    const std::lock_guard lock(mutex_);
    Seen seen;
    seen.generation = next->generation();
    for (std::uint32_t index = 0; index < capacities_.backends_max; ++index) {
      if (next->backend(index).family != 0) seen.words[index] = health().load(index);
      if (next->backend(index).family != 0) seen.backends[index] = next->backend(index);
    }
    for (const Service& service : next->services().all()) {
      seen.first_slots.push_back({service.slots, service.slots + service.slot_count});
      seen.services.push_back(service.row);
    }
    newest_ = std::move(next);
    seen_.push_back(std::move(seen));
    return {};
  }
  [[nodiscard]] Result<std::optional<door::FoundFlow>> find_flow(std::uint64_t hash) override {
    const std::lock_guard lock(mutex_);
    ++questions_;
    last_hash_ = hash;
    return flow_;
  }
  // Worker 1 remembers what `remember_all` was told, three entries a page and an empty page between any two.
  [[nodiscard]] Result<FlowScan> read_flows(std::uint32_t worker, std::uint32_t first_bucket,
                                            std::span<gw_flow_entry> room) override {
    const std::lock_guard lock(mutex_);
    FlowScan scan;
    const std::size_t begin = std::size_t{first_bucket / 2} * 3;
    if (worker != 1 || begin >= remembered_.size()) return scan;
    if (first_bucket % 2 == 0) {
      for (std::size_t i = begin; i < std::min(begin + 3, remembered_.size()); ++i) room[scan.count++] = remembered_[i];
    }
    scan.next_bucket = first_bucket + 1;
    return scan;
  }
  [[nodiscard]] std::uint32_t now_ticks() const override { return 1000; }

  // What was there when a snapshot was taken.
  struct Seen {
    std::uint64_t generation = 0;
    std::map<std::uint32_t, std::uint64_t> words;  // of the snapshot's backends
    std::map<std::uint32_t, gw_backend> backends;
    std::vector<gw_service> services;
    std::vector<std::vector<gw_slot>> first_slots;  // of each service row
  };
  [[nodiscard]] std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  void remember(std::optional<door::FoundFlow> flow) {
    const std::lock_guard lock(mutex_);
    flow_ = flow;
  }
  void remember_all(std::vector<gw_flow_entry> flows) {
    const std::lock_guard lock(mutex_);
    remembered_ = std::move(flows);
  }
  [[nodiscard]] HealthTable health() const {
    return HealthTable({reinterpret_cast<std::uint64_t*>(health_.data()), capacities_.backends_max});
  }
  [[nodiscard]] gw_worker_counters& worker(std::uint32_t number) {
    return *reinterpret_cast<gw_worker_counters*>(block(number));
  }
  [[nodiscard]] gw_service_counters& service(std::uint32_t worker, std::uint32_t id) {
    return reinterpret_cast<gw_service_counters*>(block(worker) + sizeof(gw_worker_counters))[id];
  }
  [[nodiscard]] gw_backend_counters& backend(std::uint32_t worker, std::uint32_t index) {
    std::byte* at = block(worker) + sizeof(gw_worker_counters) + capacities_.services_max * sizeof(gw_service_counters);
    return reinterpret_cast<gw_backend_counters*>(at)[index];
  }
  [[nodiscard]] std::span<std::byte> counters() const { return counters_.bytes(); }

 private:
  [[nodiscard]] std::byte* block(std::uint32_t worker) {
    return counters_.data() + sizeof(gw_counters_header) + worker * stride_bytes_;
  }

  Capacities capacities_;
  std::size_t stride_bytes_ = 0;
  UniqueFd health_fd_;
  UniqueFd counters_fd_;
  Mapping health_;
  Mapping counters_;
  std::unique_ptr<const Snapshot> newest_;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  std::optional<door::FoundFlow> flow_;
  std::vector<gw_flow_entry> remembered_;
  int questions_ = 0;
  std::uint64_t last_hash_ = 0;
};

// The door, open as long as this lives.
class TestDoor {
 public:
  TestDoor(const std::string& path, FakeDatapath& datapath)
      : server_(std::move(*door::Listener::open(path)), datapath, [](auto&&...) {}),
        thread_([this] { server_.run(); }) {}
  TestDoor(const TestDoor&) = delete;
  TestDoor& operator=(const TestDoor&) = delete;
  ~TestDoor() {
    server_.stop();
    thread_.join();
  }

 private:
  door::Server server_;
  std::thread thread_;
};

// Waits until something holds, for at most `limit`.
template <typename Condition>
[[nodiscard]] bool eventually(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

}  // namespace guideway
