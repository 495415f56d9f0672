// SPDX-License-Identifier: Apache-2.0
// Both datapaths in one process: they get the same snapshots, health and frames, and must give the same exits,
// backends, hashes and bytes, what was held and let go included; and after every burst the same counters.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/replay/memory_datapath.hh"
#include "controlplane/replay/xdp_datapath.hh"
#include "dataplane/pipeline/exits.hh"

namespace guideway::twin {

// Frames of a burst and their memory. That of a held one stays until it is let go; all other memory is used again, so
// that millions of frames cost no allocation.
class Room {
 public:
  Burst burst;

  void clear() {
    burst.count = 0;
    for (auto each = used_.begin(); each != used_.end();) {
      if ((*each)->is_held) {
        ++each;
        continue;
      }
      free_.splice(free_.begin(), used_, each++);
    }
  }
  void add(std::uint64_t number, const std::vector<std::byte>& frame) {
    if (free_.empty()) free_.push_back(std::make_unique<Frame>());
    used_.splice(used_.begin(), free_, free_.begin());
    Frame& of_number = *used_.front();
    of_number.number = number;
    if (of_number.memory.size() < GW_HEADROOM_BYTES + frame.size())
      of_number.memory.resize(GW_HEADROOM_BYTES + frame.size());
    Packet& packet = burst.packets[burst.count++];
    packet = Packet{};
    packet.data = of_number.memory.data() + GW_HEADROOM_BYTES;
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

  std::list<std::unique_ptr<Frame>> used_;
  std::list<std::unique_ptr<Frame>> free_;
};

// How many packets all tests of such a program look at together, shared evenly; GUIDEWAY_TWIN_PACKETS says otherwise.
inline std::uint64_t packets_wanted(std::uint64_t usual) {
  const char* wanted = std::getenv("GUIDEWAY_TWIN_PACKETS");
  return wanted == nullptr ? usual : std::strtoull(wanted, nullptr, 10);
}

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

  static bool is_same(const Packet& one, const Packet& other) {
    if (Room::number_of(one) != Room::number_of(other) || one.exit != other.exit) return false;
    if (one.exit == GW_EXIT_HELD || kind_of(one.exit) == ExitKind::drop) return true;
    if (one.exit == GW_EXIT_SENT && (one.backend != other.backend || one.hash != other.hash)) return false;
    return one.length_bytes == other.length_bytes && std::memcmp(one.data, other.data, one.length_bytes) == 0;
  }

  // Told in words only where they differ: that costs more than to decide the packet.
  static void compare(const Packet& one, const Packet& other) {
    if (is_same(one, other)) return;
    const std::string what = "packet " + std::to_string(Room::number_of(one)) + ": " + name_of(one.exit) + " here, " +
                             name_of(other.exit) + " on XDP\n" + hex(one) + "\n" + hex(other);
    ASSERT_EQ(Room::number_of(one), Room::number_of(other)) << what;
    ASSERT_EQ(one.exit, other.exit) << what;
    ASSERT_EQ(one.backend, other.backend) << what;
    ASSERT_EQ(one.hash, other.hash) << what;
    ASSERT_EQ(one.length_bytes, other.length_bytes) << what;
    FAIL() << "other bytes: " << what;
  }

  template <typename Counters>
  static bool are_same(const Counters& one, const Counters& other) {
    return std::memcmp(&one, &other, sizeof one) == 0;
  }
  template <typename Counters>
  static void tell_difference(const Counters& one, const Counters& other, const char* what, std::uint32_t number) {
    const auto words = [](const Counters& counters) { return reinterpret_cast<const __u64*>(&counters); };
    for (std::size_t i = 0; i < sizeof one / sizeof(__u64); ++i)
      ASSERT_EQ(words(one)[i], words(other)[i]) << "word " << i << " of the counters of " << what << ' ' << number;
  }

  void compare_counters() {
    if (!are_same(pipeline_->counters(), xdp_->counters()))
      return tell_difference(pipeline_->counters(), xdp_->counters(), "worker", 0);
    for (std::uint32_t i = 0; i < capacities_.backends_max; ++i) {
      if (!are_same(pipeline_->backend_counters(i), xdp_->backend_counters(i)))
        return tell_difference(pipeline_->backend_counters(i), xdp_->backend_counters(i), "backend", i);
    }
    for (std::uint32_t i = 0; i < capacities_.services_max; ++i) {
      if (!are_same(pipeline_->service_counters(i), xdp_->service_counters(i)))
        return tell_difference(pipeline_->service_counters(i), xdp_->service_counters(i), "service", i);
    }
  }

  Capacities capacities_;
  Room here_;
  Room there_;
  std::uint64_t number_ = 1;
};

}  // namespace guideway::twin
