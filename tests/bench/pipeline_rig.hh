// SPDX-License-Identifier: Apache-2.0
// The pipeline alone, fed as a NIC would: a ring of frames in memory of which one burst is taken while another, half a
// ring ahead, is written anew with the headers of other flows. What that costs is the floor; a benchmark runs the same
// loop with nothing but a swap of MAC addresses to know it.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/replay/memory_datapath.hh"
#include "dataplane/net/tcp.hh"
#include "tests/sim/frame.hh"

namespace guideway {

enum class Traffic { established, syn, udp, ipv6, no_service };

struct Scene {
  std::uint32_t flows = 65536;
  Traffic traffic = Traffic::established;
  Scheduler scheduler = Scheduler::maglev;
  std::uint32_t services = 1;  // all of one pool
  std::uint32_t backends = 100;
  Forward forward = Forward::l2;
  std::uint32_t ring_frames = 512;
  bool moves_a_slot_of_100 = false;  // one backend in a hundred is leaving
};

class PipelineRig {
 public:
  explicit PipelineRig(const Scene& scene)
      : scene_(scene), ring_frames_(scene.ring_frames), frame_(frame_for(scene.traffic)) {
    const Capacities capacities{.services_max = scene.services + 1,
                                .backends_max = scene.backends + 1,
                                .flows_max = std::max(2 * scene.flows, 1024U)};
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
    memory_.resize(std::size_t{ring_frames_} * stride_bytes);
    for (std::uint32_t i = 0; i < ring_frames_ / 2; ++i) write_next();
    // Whatever is remembered of these flows is, before anything is measured.
    for (std::uint32_t i = 0; i < 2 * scene.flows && i < 1U << 25U; i += burst_packets_max) run_burst();
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
  [[nodiscard]] const Scene& scene() const noexcept { return scene_; }

 private:
  static constexpr std::uint32_t now_ticks = 100;
  static constexpr std::uint32_t stride_bytes = 256;  // headroom, 74 bytes of frame, and whole cache lines

  struct Frame {
    std::byte bytes[128] = {};
    std::uint32_t length_bytes = 64;
    std::uint32_t source_at = 0;       // where the low four bytes of the source address are
    std::uint32_t destination_at = 0;  // the same of the destination
    std::uint32_t checksum_at = 0;     // 0: none covers them
    std::uint32_t port_at = 0;
  };

  [[nodiscard]] static Frame frame_for(Traffic traffic) {
    Frame frame;
    if (traffic == Traffic::ipv6) {
      EthernetHeader ethernet{};
      ethernet.type = be16(static_cast<std::uint16_t>(EtherType::ipv6));
      std::memcpy(frame.bytes, &ethernet, sizeof ethernet);
      const std::uint8_t ip[40] = {0x60, 0, 0, 0, 0, 20, 6, 64, 0x20, 1, 0xd,  0xb8, 0,   0xff,
                                   0,    0, 0, 0, 0, 0,  0, 0,  0,    0, 0x20, 1,    0xd, 0xb8};
      std::memcpy(frame.bytes + 14, ip, sizeof ip);
      const std::uint8_t tcp[20] = {0, 0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, tcp_flag::ack};
      std::memcpy(frame.bytes + 54, tcp, sizeof tcp);
      frame.length_bytes = 74;
      frame.source_at = 34;
      frame.destination_at = 50;
      frame.port_at = 54;
      return frame;
    }
    gw_flow_key key{};
    key.family = GW_FAMILY_IPV4;
    key.protocol = traffic == Traffic::udp ? 17 : 6;
    key.destination_port_be16 = be16(traffic == Traffic::no_service ? 81 : 80).raw();
    sim::write_frame(frame.bytes, key, traffic == Traffic::syn ? tcp_flag::syn : tcp_flag::ack, frame.length_bytes);
    frame.length_bytes = 64;
    frame.source_at = 26;
    frame.destination_at = 30;
    frame.checksum_at = 24;
    frame.port_at = 34;
    return frame;
  }

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

  [[nodiscard]] std::byte* slot(std::uint32_t number) noexcept {
    return memory_.data() + std::size_t{number % ring_frames_} * stride_bytes + GW_HEADROOM_BYTES;
  }
  void write_next() noexcept {
    std::byte* at = slot(written_);
    const std::uint64_t flow = gw_mix(written_ % scene_.flows);
    const std::uint32_t service = 0xc0000000U + written_ % scene_.services;
    ++written_;
    std::memcpy(at, frame_.bytes, 64);
    if (frame_.length_bytes > 64) std::memcpy(at + 64, frame_.bytes + 64, 16);
    const auto source = static_cast<std::uint32_t>(flow);
    const std::uint32_t destination = __builtin_bswap32(service);
    std::memcpy(at + frame_.source_at, &source, 4);
    std::memcpy(at + frame_.destination_at, &destination, 4);
    const auto port = static_cast<std::uint16_t>(flow >> 32U);
    std::memcpy(at + frame_.port_at, &port, 2);
    if (frame_.checksum_at == 0) return;
    std::uint16_t checksum = 0;
    std::memcpy(&checksum, at + frame_.checksum_at, 2);
    checksum = updated_checksum(checksum, 0, std::uint64_t{source} + destination);
    std::memcpy(at + frame_.checksum_at, &checksum, 2);
  }
  void take_burst() noexcept {
    burst_.count = burst_packets_max;
    for (std::uint32_t i = 0; i < burst_packets_max; ++i) {
      std::byte* frame = slot(taken_++);
      write_next();
      Packet& packet = burst_.packets[i];
      packet.data = frame;
      packet.length_bytes = frame_.length_bytes;
      packet.headroom_bytes = GW_HEADROOM_BYTES;
    }
  }

  Scene scene_;
  std::uint32_t ring_frames_;
  Frame frame_;
  std::unique_ptr<MemoryDatapath> datapath_;
  std::vector<std::byte> memory_;
  std::uint32_t written_ = 0;
  std::uint32_t taken_ = 0;
  Burst burst_;
};

}  // namespace guideway
