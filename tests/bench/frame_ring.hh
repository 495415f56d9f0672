// SPDX-License-Identifier: Apache-2.0
// Frames as a NIC would give them: a ring in memory of which one burst is taken while another, half a ring ahead, is
// written anew with the headers of other flows.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "dataplane/net/tcp.hh"
#include "dataplane/pipeline/burst.hh"
#include "tests/sim/frame.hh"

namespace guideway {

enum class Traffic { established, syn, udp, ipv6, no_service };

// Where the frames of a flood lie: anywhere, first in every burst, or in bursts of their own.
enum class FloodOrder { by_chance, in_blocks, in_bursts };

struct RingScene {
  std::uint32_t flows = 65536;
  Traffic traffic = Traffic::established;
  std::uint32_t services = 1;
  bool services_by_chance = false;  // else one after the other
  std::uint32_t ring_frames = 512;
  std::uint32_t flood_percent = 0;  // so many of a hundred frames are SYNs, each of a flow never seen before
  FloodOrder flood_order = FloodOrder::by_chance;
};

class FrameRing {
 public:
  explicit FrameRing(const RingScene& scene, std::uint32_t first_flow = 0)
      : scene_(scene), frame_(frame_for(scene.traffic)), first_flow_(first_flow) {
    memory_.resize(std::size_t{scene_.ring_frames} * stride_bytes);
    for (std::uint32_t i = 0; i < scene_.ring_frames / 2; ++i) write_next();
  }

  void take_burst(Burst& burst) noexcept {
    burst.count = burst_packets_max;
    for (std::uint32_t i = 0; i < burst_packets_max; ++i) {
      std::byte* frame = slot(taken_++);
      write_next();
      Packet& packet = burst.packets[i];
      packet.data = frame;
      packet.length_bytes = frame_.length_bytes;
      packet.headroom_bytes = GW_HEADROOM_BYTES;
    }
  }

 private:
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

  [[nodiscard]] std::byte* slot(std::uint32_t number) noexcept {
    return memory_.data() + std::size_t{number % scene_.ring_frames} * stride_bytes + GW_HEADROOM_BYTES;
  }
  [[nodiscard]] bool is_of_flood(std::uint32_t number) const noexcept {
    const std::uint32_t percent = scene_.flood_percent;
    const std::uint64_t burst = number / burst_packets_max;
    switch (scene_.flood_order) {
      case FloodOrder::in_blocks:
        return number % burst_packets_max * 100 < percent * burst_packets_max;
      case FloodOrder::in_bursts:
        return burst * percent / 100 != (burst + 1) * percent / 100;
      case FloodOrder::by_chance:
        break;
    }
    return gw_mix(number) % 100 < percent;
  }
  void write_next() noexcept {
    std::byte* at = slot(written_);
    // Without a branch upon it, which would guess wrongly and cost what the pipeline is to be charged for.
    const bool floods = is_of_flood(written_);
    const std::uint64_t seeds[2] = {first_flow_ + written_ % scene_.flows, std::uint64_t{written_} << 32U | 1U};
    const std::uint64_t flow = gw_mix(seeds[static_cast<std::size_t>(floods)]);
    const auto chance = static_cast<std::uint32_t>(flow >> 48U);
    const std::uint32_t service = 0xc0000000U + (scene_.services_by_chance ? chance : written_) % scene_.services;
    ++written_;
    std::memcpy(at, frame_.bytes, 64);
    if (frame_.length_bytes > 64) std::memcpy(at + 64, frame_.bytes + 64, 16);
    const auto source = static_cast<std::uint32_t>(flow);
    const std::uint32_t destination = __builtin_bswap32(service);
    std::memcpy(at + frame_.source_at, &source, 4);
    std::memcpy(at + frame_.destination_at, &destination, 4);
    const auto port = static_cast<std::uint16_t>(flow >> 32U);
    std::memcpy(at + frame_.port_at, &port, 2);
    const std::size_t flags_at = frame_.port_at + tcp_flags_from_ports;
    const std::byte flags[2] = {frame_.bytes[flags_at], static_cast<std::byte>(tcp_flag::syn)};
    at[flags_at] = flags[static_cast<std::size_t>(floods)];
    if (frame_.checksum_at == 0) return;
    std::uint16_t checksum = 0;
    std::memcpy(&checksum, at + frame_.checksum_at, 2);
    checksum = updated_checksum(checksum, 0, std::uint64_t{source} + destination);
    std::memcpy(at + frame_.checksum_at, &checksum, 2);
  }

  static constexpr std::uint32_t tcp_flags_from_ports = 13;
  RingScene scene_;
  Frame frame_;
  std::uint32_t first_flow_;
  std::vector<std::byte> memory_;
  std::uint32_t written_ = 0;
  std::uint32_t taken_ = 0;
};

}  // namespace guideway
