// SPDX-License-Identifier: Apache-2.0
// Nanoseconds a packet of the pipeline alone, over the number of flows, against the floor of the same loop that only
// swaps MAC addresses. 64-byte frames, bursts of 32, one service, 100 backends, l2.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <vector>

#include "controlplane/replay/memory_datapath.hh"
#include "dataplane/net/tcp.hh"
#include "tests/sim/frame.hh"

namespace guideway {
namespace {

constexpr std::size_t frame_bytes = 64;
constexpr std::uint32_t frames_in_flight = 512;  // as a receive ring of 512 descriptors would hold

enum class Traffic { established, syn };

class Bench {
 public:
  Bench(std::uint32_t flows, Traffic traffic, Scheduler scheduler) : flows_(flows), traffic_(traffic) {
    Config config;
    config.hash_key = {1, 2, 3};
    PoolConfig pool;
    pool.name = "pool";
    for (int i = 0; i < 100; ++i) {
      BackendConfig backend;
      backend.address = *IpAddress::parse("10.0.0." + std::to_string(i + 1));
      backend.name = backend.address.text();
      pool.backends.push_back(backend);
    }
    ServiceConfig service;
    service.name = service.pool = "pool";
    service.addresses = {*IpAddress::parse("192.0.2.1")};
    service.port = 80;
    service.scheduler = scheduler;
    config.pools = {pool};
    config.services = {service};
    Capacities capacities{.services_max = 16, .backends_max = 128, .flows_max = std::max(flows * 2, 1024U)};
    Ledger ledger(capacities);
    (void)ledger.adopt(config, {}, 0);
    datapath_ = std::move(*MemoryDatapath::create(capacities));
    ReachabilityByIndex reachability;
    for (std::uint32_t i = 0; i < 100; ++i) {
      reachability[i] = {};
      datapath_->health().store(i, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, 0, 1));
    }
    (void)datapath_->install(ledger.compile(1, reachability));
    memory_.resize(std::size_t{frames_in_flight} * (GW_HEADROOM_BYTES + frame_bytes * 2));
    for (std::uint32_t i = 0; i < frames_in_flight / 2; ++i) fill_next();
    if (scheduler == Scheduler::round_robin) {
      for (std::uint32_t i = 0; i < 2 * flows; i += burst_packets_max) run_burst();
    }
  }

  void swap_only() {
    take_burst();
    for (std::uint32_t i = 0; i < burst_.count; ++i) {
      std::byte* mac = burst_.packets[i].data;
      std::byte kept[6];
      std::memcpy(kept, mac, 6);
      std::memcpy(mac, mac + 6, 6);
      std::memcpy(mac + 6, kept, 6);
    }
    benchmark::ClobberMemory();
  }
  void run_burst() {
    take_burst();
    datapath_->run(burst_, 100);
  }
  [[nodiscard]] const gw_worker_counters& counters() const { return datapath_->counters(); }

 private:
  [[nodiscard]] std::byte* slot(std::uint32_t number) {
    return memory_.data() + std::size_t{number % frames_in_flight} * (GW_HEADROOM_BYTES + frame_bytes * 2) +
           GW_HEADROOM_BYTES;
  }
  void fill_next() {
    gw_flow_key key{};
    key.family = GW_FAMILY_IPV4;
    key.protocol = 6;
    const std::uint64_t flow = gw_mix(filled_ % flows_);
    std::memcpy(key.source, &flow, 4);
    key.source_port_be16 = static_cast<__be16>(flow >> 32U);
    const std::uint8_t service[4] = {192, 0, 2, 1};
    std::memcpy(key.destination, service, 4);
    key.destination_port_be16 = be16(80).raw();
    std::uint32_t length = 0;
    sim::write_frame(slot(filled_++), key, traffic_ == Traffic::syn ? tcp_flag::syn : tcp_flag::ack, length);
  }
  // The next 32 frames; each carries another flow than when it was last seen. Writing frames is part of the floor; it
  // happens half a ring ahead, since no NIC writes what is being read.
  void take_burst() {
    burst_.count = burst_packets_max;
    for (std::uint32_t i = 0; i < burst_packets_max; ++i) {
      std::byte* frame = slot(taken_++);
      fill_next();
      Packet& packet = burst_.packets[i];
      packet.data = frame;
      packet.length_bytes = frame_bytes;
      packet.headroom_bytes = GW_HEADROOM_BYTES;
    }
  }

  std::uint32_t flows_;
  Traffic traffic_;
  std::unique_ptr<MemoryDatapath> datapath_;
  std::vector<std::byte> memory_;
  std::uint32_t filled_ = 0;
  std::uint32_t taken_ = 0;
  Burst burst_;
};

void report(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * burst_packets_max);
  state.counters["ns_a_packet"] = benchmark::Counter(static_cast<double>(state.iterations() * burst_packets_max),
                                                     benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void floor_swap(benchmark::State& state) {
  Bench bench(static_cast<std::uint32_t>(state.range(0)), Traffic::established, Scheduler::maglev);
  for (auto _ : state) bench.swap_only();
  report(state);
}

void pipeline(benchmark::State& state, Traffic traffic, Scheduler scheduler) {
  Bench bench(static_cast<std::uint32_t>(state.range(0)), traffic, scheduler);
  for (auto _ : state) bench.run_burst();
  if (bench.counters().exits[GW_EXIT_SENT] != bench.counters().received_packets)
    state.SkipWithError("packets were lost");
  report(state);
}

BENCHMARK(floor_swap)->Arg(1)->Arg(65536)->Arg(1 << 20)->Arg(10'000'000);
BENCHMARK_CAPTURE(pipeline, maglev, Traffic::established, Scheduler::maglev)
    ->Arg(1)
    ->Arg(65536)
    ->Arg(1 << 20)
    ->Arg(10'000'000);
BENCHMARK_CAPTURE(pipeline, maglev_syn, Traffic::syn, Scheduler::maglev)->Arg(65536)->Arg(1 << 20);
BENCHMARK_CAPTURE(pipeline, follows, Traffic::established, Scheduler::round_robin)->Arg(65536)->Arg(1 << 20);

}  // namespace
}  // namespace guideway

BENCHMARK_MAIN();
