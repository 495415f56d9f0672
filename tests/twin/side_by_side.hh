// SPDX-License-Identifier: Apache-2.0
// Both datapaths in one process: they get the same snapshots, health and frames, and must give the same exits,
// backends, hashes and bytes, what was held and let go included; and after every burst the same counters.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/replay/memory_datapath.hh"
#include "controlplane/replay/xdp_datapath.hh"
#include "dataplane/pipeline/exits.hh"

namespace guideway::twin {

// Frames of a burst and their memory. That of a held one stays until it is let go.
class Room {
 public:
  Burst burst;

  void clear() {
    burst.count = 0;
    for (auto each = frames_.begin(); each != frames_.end();)
      each = each->second.is_held ? ++each : frames_.erase(each);
  }
  void add(std::uint64_t number, const std::vector<std::byte>& frame) {
    Frame& of_number = frames_[number];
    of_number.number = number;
    std::vector<std::byte>& memory = of_number.memory;
    memory.resize(GW_HEADROOM_BYTES + frame.size());
    Packet& packet = burst.packets[burst.count++];
    packet = Packet{};
    packet.data = memory.data() + GW_HEADROOM_BYTES;
    packet.length_bytes = static_cast<std::uint32_t>(frame.size());
    packet.headroom_bytes = GW_HEADROOM_BYTES;
    packet.buffer = &of_number;
    if (!frame.empty()) std::memcpy(packet.data, frame.data(), frame.size());
  }
  void keep_held() {
    for (std::uint32_t i = 0; i < burst.count; ++i)
      of(burst.packets[i]).is_held = burst.packets[i].exit == GW_EXIT_HELD;
  }
  static std::uint64_t number_of(const Packet& packet) { return of(packet).number; }

 private:
  struct Frame {
    std::uint64_t number = 0;
    std::vector<std::byte> memory;
    bool is_held = false;
  };
  static Frame& of(const Packet& packet) { return *static_cast<Frame*>(packet.buffer); }

  std::map<std::uint64_t, Frame> frames_;
};

class SideBySide : public testing::Test {
 protected:
  // Skips where BPF is refused.
  void start(const Capacities& capacities) {
    auto xdp = make_xdp_datapath(capacities);
    if (!xdp && xdp.error().message.find("refuses BPF") != std::string::npos) GTEST_SKIP() << xdp.error().message;
    ASSERT_TRUE(xdp) << xdp.error().message;
    xdp_ = std::move(*xdp);
    pipeline_ = std::move(*MemoryDatapath::create(capacities));
    capacities_ = capacities;
  }

  void install(const Compiled& compiled) {
    const auto here = pipeline_->install(compiled);
    ASSERT_TRUE(here) << here.error().message;
    const auto there = xdp_->install(compiled);
    ASSERT_TRUE(there) << there.error().message;
  }

  void set_health(std::uint32_t backend, std::uint64_t word) {
    pipeline_->health().store(backend, word);
    xdp_->health().store(backend, word);
  }

  void decide(const std::vector<std::vector<std::byte>>& frames, std::uint32_t now_ticks) {
    here_.clear();
    there_.clear();
    for (const auto& frame : frames) {
      here_.add(number_, frame);
      there_.add(number_++, frame);
    }
    ASSERT_TRUE(pipeline_->decide(here_.burst, now_ticks));
    const auto decided = xdp_->decide(there_.burst, now_ticks);
    ASSERT_TRUE(decided) << decided.error().message;
    ASSERT_NO_FATAL_FAILURE(compare_bursts());
    do {
      ASSERT_TRUE(pipeline_->take_released(here_.burst, now_ticks));
      ASSERT_TRUE(xdp_->take_released(there_.burst, now_ticks));
      ASSERT_NO_FATAL_FAILURE(compare_bursts());
    } while (here_.burst.count != 0);
    ASSERT_NO_FATAL_FAILURE(compare_counters());
  }

  std::unique_ptr<MemoryDatapath> pipeline_;
  std::unique_ptr<ReplayDatapath> xdp_;

 private:
  void compare_bursts() {
    ASSERT_EQ(here_.burst.count, there_.burst.count);
    for (std::uint32_t i = 0; i < here_.burst.count; ++i)
      ASSERT_NO_FATAL_FAILURE(compare(here_.burst.packets[i], there_.burst.packets[i]));
    here_.keep_held();
    there_.keep_held();
  }

  static std::string name_of(std::uint8_t exit) {
    return exit == GW_EXIT_HELD ? "held" : std::string(exit_names()[exit].name);
  }

  static std::string hex(const Packet& packet) {
    std::string text;
    for (std::uint32_t i = 0; i < packet.length_bytes; ++i) {
      constexpr const char* digits = "0123456789abcdef";
      text += digits[std::to_integer<unsigned>(packet.data[i]) >> 4U];
      text += digits[std::to_integer<unsigned>(packet.data[i]) & 15U];
    }
    return text;
  }

  static void compare(const Packet& one, const Packet& other) {
    ASSERT_EQ(Room::number_of(one), Room::number_of(other));
    const std::string what = "packet " + std::to_string(Room::number_of(one)) + ": " + name_of(one.exit) + " here, " +
                             name_of(other.exit) + " on XDP\n" + hex(one) + "\n" + hex(other);
    ASSERT_EQ(one.exit, other.exit) << what;
    if (one.exit == GW_EXIT_HELD || kind_of(one.exit) == ExitKind::drop) return;
    if (one.exit == GW_EXIT_SENT) {
      ASSERT_EQ(one.backend, other.backend) << what;
      ASSERT_EQ(one.hash, other.hash) << what;
    }
    ASSERT_EQ(one.length_bytes, other.length_bytes) << what;
    ASSERT_EQ(std::memcmp(one.data, other.data, one.length_bytes), 0) << what;
  }

  void compare_counters() {
    const auto words = [](const gw_worker_counters& counters) { return reinterpret_cast<const __u64*>(&counters); };
    for (std::size_t i = 0; i < sizeof(gw_worker_counters) / 8; ++i)
      ASSERT_EQ(words(pipeline_->counters())[i], words(xdp_->counters())[i]) << "word " << i << " of the counters";
    for (std::uint32_t i = 0; i < capacities_.backends_max; ++i)
      ASSERT_EQ(std::memcmp(&pipeline_->backend_counters(i), &xdp_->backend_counters(i), sizeof(gw_backend_counters)),
                0)
          << "backend " << i;
    for (std::uint32_t i = 0; i < capacities_.services_max; ++i)
      ASSERT_EQ(std::memcmp(&pipeline_->service_counters(i), &xdp_->service_counters(i), sizeof(gw_service_counters)),
                0)
          << "service " << i;
  }

  Capacities capacities_;
  Room here_;
  Room there_;
  std::uint64_t number_ = 1;
};

}  // namespace guideway::twin
