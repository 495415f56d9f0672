// SPDX-License-Identifier: Apache-2.0
// What a bench puts its packets through, and the configuration that says so.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "controlplane/compile/ledger.hh"
#include "dataplane/base/check.hh"
#include "dataplane/forwarding/capacities.hh"
#include "tests/bench/frame_ring.hh"

namespace guideway {

struct Scene {
  std::uint32_t flows = 65536;
  Traffic traffic = Traffic::established;
  Scheduler scheduler = Scheduler::maglev;
  std::uint32_t services = 1;  // all of one pool
  bool services_by_chance = false;
  std::uint32_t backends = 100;
  Forward forward = Forward::l2;
  std::uint32_t ring_frames = 512;
  bool moves_a_slot_of_100 = false;  // one backend in a hundred is leaving
  std::uint32_t flood_percent = 0;   // of the frames: SYNs of flows never seen before
  FloodOrder flood_order = FloodOrder::by_chance;
  std::uint32_t flows_max = 0;  // of the flow table; 0: twice the flows

  [[nodiscard]] RingScene ring() const {
    return {flows, traffic, services, services_by_chance, ring_frames, flood_percent, flood_order};
  }
  [[nodiscard]] Capacities capacities() const {
    return {.services_max = services + 1,
            .backends_max = backends + 1,
            .flows_max = flows_max != 0 ? flows_max : std::max(2 * flows, 1024U)};
  }
  [[nodiscard]] Config configuration() const {
    Config config;
    config.hash_key = {1, 2, 3};
    PoolConfig pool;
    pool.name = "pool";
    for (std::uint32_t i = 0; i < backends; ++i) {
      BackendConfig backend;
      backend.address = *IpAddress::parse("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256));
      backend.name = backend.address.text();
      backend.forward = forward;
      pool.backends.push_back(backend);
    }
    config.pools = {pool};
    for (std::uint32_t i = 0; i < services; ++i) {
      ServiceConfig service;
      service.name = "s" + std::to_string(i);
      service.pool = pool.name;
      service.addresses = {*AddressPrefix::parse(address_of(i))};
      service.port = 80;
      service.protocol = traffic == Traffic::udp ? Protocol::udp : Protocol::tcp;
      service.scheduler = scheduler;
      config.services.push_back(service);
    }
    return config;
  }

 private:
  [[nodiscard]] std::string address_of(std::uint32_t number) const {
    if (traffic != Traffic::ipv6) return "192.0." + std::to_string(number / 256) + "." + std::to_string(number % 256);
    char text[40];
    static_cast<void>(std::snprintf(text, sizeof text, "2001:db8::c000:%x", number));
    return text;
  }
};

// The snapshot of a scene and whatever else its datapath is to be told.
class CompiledScene {
 public:
  explicit CompiledScene(const Scene& scene) : ledger_(scene.capacities()) {
    Config config = scene.configuration();
    check(ledger_.adopt(config, {}, 0).has_value(), "the configuration fits");
    for (std::uint32_t i = 0; i < scene.backends; ++i)
      reachability_[i].outer_source = *AddressPrefix::parse("198.51.100.1");
    if (!scene.moves_a_slot_of_100) return;
    const BackendConfig leaving = config.pools[0].backends.back();
    config.pools[0].backends.pop_back();
    check(ledger_.adopt(config, {}, 0).has_value(), "one backend less fits too");
    leaving_ = ledger_.find({"pool", leaving.name})->index;
  }
  [[nodiscard]] Compiled snapshot() { return ledger_.compile(1, reachability_); }
  [[nodiscard]] std::uint64_t health_of(std::uint32_t backend) const {
    return gw_health_word(GW_SHARE_FULL, backend == leaving_ ? GW_HEALTH_DRAINING : GW_HEALTH_UP, 0, 1);
  }

 private:
  Ledger ledger_;
  ReachabilityByIndex reachability_;
  std::uint32_t leaving_ = GW_NO_BACKEND;
};

}  // namespace guideway
