// SPDX-License-Identifier: Apache-2.0
// The pipeline alone over frames from a ring (frame_ring.hh). What the ring costs is the floor; a benchmark runs the
// same loop with nothing but a swap of MAC addresses to know it.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/replay/memory_datapath.hh"
#include "tests/bench/frame_ring.hh"

namespace guideway {

struct Scene {
  std::uint32_t flows = 65536;
  Traffic traffic = Traffic::established;
  Scheduler scheduler = Scheduler::maglev;
  std::uint32_t services = 1;  // all of one pool
  std::uint32_t backends = 100;
  Forward forward = Forward::l2;
  std::uint32_t ring_frames = 512;
  bool moves_a_slot_of_100 = false;  // one backend in a hundred is leaving
  std::uint32_t flood_percent = 0;   // of the frames: SYNs of flows never seen before
  std::uint32_t flows_max = 0;       // of the flow table; 0: twice the flows
};

class PipelineRig {
 public:
  explicit PipelineRig(const Scene& scene)
      : scene_(scene), ring_({scene.flows, scene.traffic, scene.services, scene.ring_frames, scene.flood_percent}) {
    const Capacities capacities{.services_max = scene.services + 1,
                                .backends_max = scene.backends + 1,
                                .flows_max = scene.flows_max != 0 ? scene.flows_max : std::max(2 * scene.flows, 1024U)};
    Config config = configuration();
    Ledger ledger(capacities);
    check(ledger.adopt(config, {}, 0).has_value(), "the configuration fits");
    datapath_ = std::move(*MemoryDatapath::create(capacities));
    ReachabilityByIndex reachability;
    for (std::uint32_t i = 0; i < scene.backends; ++i) {
      reachability[i].outer_source = *AddressPrefix::parse("198.51.100.1");
      datapath_->health().store(i, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, 0, 1));
    }
    if (scene.moves_a_slot_of_100) {
      const BackendConfig leaving = config.pools[0].backends.back();
      config.pools[0].backends.pop_back();
      check(ledger.adopt(config, {}, 0).has_value(), "one backend less fits too");
      datapath_->health().store(ledger.find({"pool", leaving.name})->index,
                                gw_health_word(GW_SHARE_FULL, GW_HEALTH_DRAINING, 0, 1));
    }
    check(datapath_->install(ledger.compile(1, reachability)).has_value(), "the snapshot is valid");
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
  [[nodiscard]] Config configuration() const {
    Config config;
    config.hash_key = {1, 2, 3};
    PoolConfig pool;
    pool.name = "pool";
    for (std::uint32_t i = 0; i < scene_.backends; ++i) {
      BackendConfig backend;
      backend.address = *IpAddress::parse("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256));
      backend.name = backend.address.text();
      backend.forward = scene_.forward;
      pool.backends.push_back(backend);
    }
    config.pools = {pool};
    for (std::uint32_t i = 0; i < scene_.services; ++i) {
      ServiceConfig service;
      service.name = "s" + std::to_string(i);
      service.pool = pool.name;
      const std::string low = std::to_string(i / 256) + "." + std::to_string(i % 256);
      service.addresses = {*AddressPrefix::parse(scene_.traffic == Traffic::ipv6 ? ipv6_text(i) : "192.0." + low)};
      service.port = 80;
      service.protocol = scene_.traffic == Traffic::udp ? Protocol::udp : Protocol::tcp;
      service.scheduler = scene_.scheduler;
      config.services.push_back(service);
    }
    return config;
  }
  [[nodiscard]] static std::string ipv6_text(std::uint32_t number) {
    char text[40];
    static_cast<void>(std::snprintf(text, sizeof text, "2001:db8::c000:%x", number));
    return text;
  }

  void take_burst() noexcept { ring_.take_burst(burst_); }

  Scene scene_;
  FrameRing ring_;
  std::unique_ptr<MemoryDatapath> datapath_;
  Burst burst_;
};

}  // namespace guideway
