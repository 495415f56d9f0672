// SPDX-License-Identifier: Apache-2.0
// One worker between two memory ports with two memory kernel faces, and a snapshot: TCP and UDP services on 10.0.0.1,
// backend 0 behind port 0 (l2), backend 1 behind port 1 (ipip).
#pragma once

#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "dataplane/base/check.hh"
#include "dataplane/ports/memory_port.hh"
#include "dataplane/worker/capture_block.hh"
#include "dataplane/worker/shared_blocks.hh"
#include "dataplane/worker/worker.hh"
#include "tests/support/frames.hh"
#include "tests/support/snapshot_bytes.hh"

namespace guideway {

class Bench {
 public:
  enum class KernelFaces { both, none };
  static constexpr std::uint32_t now_ticks = 1000;
  static constexpr std::uint32_t frame_count = 8192;
  static constexpr std::uint64_t cycles_per_second = 2'000'000'000;

  explicit Bench(KernelFaces faces = KernelFaces::both, const IdleSettings& idle = IdleSettings{false, 0, 0, 0})
      : health(*HealthBlock::create(capacities)),
        counters_block(*CountersBlock::create(capacities, 1, cycles_per_second)),
        capture_block(std::move(*CaptureBlock::create(capacities.services_max, 1))),
        capture_memory(std::move(*Mapping::of_file(capture_block.fd(), capture_block.length_bytes(), true))),
        cell(std::make_unique<SnapshotCell>(Snapshot::empty(), 1)) {
    for (std::uint32_t index = 0; index < 2; ++index)
      health.table().store(index, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE, 1));
    publish(1, {testing_support::backend_row(0, 0), testing_support::backend_row(1, 1, GW_FORWARD_IPIP)});
    const bool has_faces = faces == KernelFaces::both;
    worker = std::make_unique<Worker>(
        0, *cell, std::move(*Pipeline::create(capacities, health.table(), crew, counters_block.worker(0))),
        counters_block.worker(0),
        std::vector<WorkerPort>{{&port0, has_faces ? &face0 : nullptr}, {&port1, has_faces ? &face1 : nullptr}}, idle,
        cycles_per_second, capture_block.worker(0));
    cell->join(0);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench() { cell->leave(0); }

  void publish(std::uint64_t generation, const std::vector<gw_backend>& backends) {
    const auto slots = testing_support::slots_in_turn(2);
    auto table = Table::load(testing_support::table_bytes(generation, slots), capacities);
    check(table.has_value(), "the table of the test is valid");
    testing_support::SnapshotRows rows;
    rows.generation = generation;
    rows.services = {testing_support::service_row(0, 1, 80, 6), testing_support::service_row(1, 1, 53, 17)};
    rows.services[1].flags = GW_SERVICE_FOLLOWS_EVERY_FLOW;
    for (gw_service& service : rows.services) service.policy = GW_POLICY_REJECT;
    if (limits_flows) {
      rows.services[1].flow_rate = rows.services[1].flow_burst = 1000;
      rows.services[1].source_flow_rate = rows.services[1].source_flow_burst = 50;
      rows.answers = {100, 100, 100};
      rows.services[1].limit_source_bits = 24;
      rows.services[1].access_list = 1;
      rows.access_prefixes = {gw_access_prefix{{9}, 1, GW_FAMILY_IPV4, 8, 0, 0}};
    }
    rows.backends = backends;
    rows.tables = {generation};
    auto snapshot =
        Snapshot::load(testing_support::snapshot_bytes(rows), {{generation, std::move(*table)}}, capacities);
    check(snapshot.has_value(), "the snapshot of the test is valid");
    // The worker of these tests runs on this very thread, so it cannot pass on while publish() waits for it.
    const bool joined = worker != nullptr && joined_;
    if (joined) cell->leave(0);
    cell->publish(std::move(*snapshot));
    if (joined) cell->join(0);
  }

  // From here on the worker's own thread joins and leaves.
  void leave() {
    cell->leave(0);
    joined_ = false;
  }

  void poll_until_quiet() {
    while (worker->poll(now_ticks)) {
    }
  }

  [[nodiscard]] const gw_worker_counters& counters() const { return counters_block.worker(0).worker; }
  [[nodiscard]] std::uint64_t exits(gw_exit exit) const { return counters().exits[exit]; }
  // received = sent + to the kernel + sum of named drops.
  [[nodiscard]] bool adds_up() const {
    std::uint64_t sum = 0;
    for (const __u64 exit : counters().exits) sum += exit;
    return sum == counters().received_packets;
  }
  void discard_sent() {
    for (MemoryPort* port : {&port0, &port1, &face0, &face1}) port->discard_sent();
  }
  [[nodiscard]] bool nothing_leaked() {
    discard_sent();
    return pool.free_count() == frame_count;
  }

  [[nodiscard]] std::uint64_t hash_of(const testing_support::FrameOptions& options) const {
    gw_flow_key key{};
    const auto frame = testing_support::ipv4_frame(options);
    std::memcpy(key.source, frame.data() + 26, 4);
    std::memcpy(key.destination, frame.data() + 30, 4);
    std::memcpy(&key.source_port_be16, frame.data() + 34, 2);
    std::memcpy(&key.destination_port_be16, frame.data() + 36, 2);
    key.protocol = options.protocol;
    key.family = GW_FAMILY_IPV4;
    return gw_hash_flow(&cell->newest().hash_key(), &key);
  }

  // Fragments in any order, echo requests, ICMP errors, and packets that fit no tunnel.
  [[nodiscard]] static std::vector<std::byte> any_odd_frame(std::mt19937& random) {
    testing_support::FrameOptions options;
    options.protocol = random() % 2 == 0 ? 6 : 17;
    options.source_port = static_cast<std::uint16_t>(random() % 512);
    options.destination_port = options.protocol == 6 ? 80 : 53;
    const auto identification = static_cast<std::uint16_t>(random() % 64);
    switch (random() % 6) {
      case 0:
        return testing_support::echo_frame(1);
      case 1:
        return testing_support::icmp_error_frame(options);
      case 2:
        options.payload_bytes = 1440;
        return testing_support::fragment_frame(options, 0, testing_support::dont_fragment);
      case 3:
        options.payload_bytes = 64;
        return testing_support::fragment_frame(options, identification, testing_support::more_fragments);
      default:
        options.payload_bytes = 64;
        return testing_support::fragment_frame(options, identification, static_cast<std::uint16_t>(1 + random() % 8));
    }
  }

  // Good, bad and none of our business; now and then cut off or with a byte changed.
  [[nodiscard]] std::vector<std::byte> any_frame(std::mt19937& random) const {
    testing_support::FrameOptions options;
    options.protocol = random() % 2 == 0 ? 6 : 17;
    options.host = random() % 8 == 0 ? 2 : 1;
    options.source_port = static_cast<std::uint16_t>(random());
    options.destination_port = options.protocol == 6 ? 80 : 53;
    if (random() % 8 == 0) options.destination_port = 99;
    const std::uint8_t flags[] = {0x02, 0x10, 0x11, 0x04, 0x12};
    options.tcp_flags = flags[random() % 5];
    options.payload_bytes = random() % 4 == 0 ? 1440 + random() % 40 : random() % 64;
    auto frame = random() % 16 == 0 ? testing_support::arp_frame() : testing_support::ipv4_frame(options);
    if (random() % 8 == 0) frame.resize(random() % (frame.size() + 1));
    if (random() % 8 == 0 && !frame.empty()) frame[random() % frame.size()] = static_cast<std::byte>(random());
    return frame;
  }

  bool limits_flows = false;  // from the next publish() on: UDP has limits and an access list
  Capacities capacities{16, 16, 4096};
  HealthBlock health;
  CountersBlock counters_block;
  CaptureBlock capture_block;
  Mapping capture_memory;  // as a reader has it
  std::unique_ptr<SnapshotCell> cell;
  Crew crew{1};
  MemoryPool pool{frame_count, 2048};
  MemoryPort port0{pool, frame_count};
  MemoryPort port1{pool, frame_count};
  MemoryPort face0{pool, frame_count};
  MemoryPort face1{pool, frame_count};
  std::unique_ptr<Worker> worker;

 private:
  bool joined_ = true;
};

}  // namespace guideway
