// SPDX-License-Identifier: Apache-2.0
// A burst is sorted by kind before it is decided: what comes of it must be what comes of its packets one by one. Two
// pipelines over everything that a snapshot can say, with so little room for flows that packets of a burst forget,
// displace and open each other's all the time.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <vector>

#include "controlplane/replay/load_compiled.hh"
#include "dataplane/pipeline/pipeline.hh"
#include "tests/twin/frame_maker.hh"
#include "tests/twin/random_rows.hh"

namespace guideway {
namespace {

constexpr Capacities side_capacities{twin::rows_services_max, twin::rows_backends_max, 16};

class Side {
 public:
  explicit Side(const HealthTable& health)
      : pipeline_(*Pipeline::create(side_capacities, health, crew_, {worker, services_, backends})) {}

  // Frames that fit a slot of the room; those of held packets stay where they are.
  void add(const std::vector<std::byte>& frame) {
    std::byte* data = room_.at(next_++ % room_.size()).data() + GW_HEADROOM_BYTES;
    std::copy(frame.begin(), frame.end(), data);
    Packet& packet = burst.packets.at(burst.count++);
    packet = Packet{};
    packet.data = data;
    packet.length_bytes = static_cast<std::uint32_t>(frame.size());
    packet.headroom_bytes = GW_HEADROOM_BYTES;
  }
  void run(const Snapshot& snapshot, std::uint32_t now_ticks) {
    pipeline_.run(burst, snapshot, now_ticks);
    pipeline_.count(burst);
  }
  void let_go(const Snapshot& snapshot, std::uint32_t now_ticks) {
    pipeline_.sweep(now_ticks);
    while (pipeline_.take_released(burst, snapshot, now_ticks)) pipeline_.count(burst);
  }

  Burst burst;
  gw_worker_counters worker{};
  std::vector<gw_backend_counters> backends = std::vector<gw_backend_counters>(side_capacities.backends_max);

 private:
  std::vector<gw_service_counters> services_ = std::vector<gw_service_counters>(side_capacities.services_max);
  std::vector<std::array<std::byte, 4096>> room_ = std::vector<std::array<std::byte, 4096>>(8192);
  std::size_t next_ = 0;
  Crew crew_{1};
  Pipeline pipeline_;
};

class BurstOrder : public testing::TestWithParam<std::uint32_t> {
 protected:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_()) % limit; }

  void flip_health() {
    for (std::uint64_t& word : health_words_) {
      if (below(4) != 0) continue;
      const std::uint32_t state = below(2) == 0 ? below(4) : std::uint32_t{GW_HEALTH_UP};
      const std::uint32_t share = below(3) == 0 ? below(65536) : GW_SHARE_FULL;
      word = gw_health_word(share, state, 0, gw_health_generation(word) + (below(20) == 0 ? 1 : 0));
    }
  }

  void decide(std::uint32_t count) {
    together_.burst.count = 0;
    std::vector<Packet> decided;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto frame = frames_.next();
      together_.add(frame);
      one_by_one_.burst.count = 0;
      one_by_one_.add(frame);
      one_by_one_.run(*snapshot_, now_ticks_);
      decided.push_back(one_by_one_.burst.packets[0]);
    }
    together_.run(*snapshot_, now_ticks_);
    for (std::uint32_t i = 0; i < count; ++i) {
      const Packet& packet = together_.burst.packets.at(i);
      ASSERT_EQ(packet.exit, decided[i].exit) << i;
      if (packet.exit != GW_EXIT_SENT) continue;
      ASSERT_EQ(packet.backend, decided[i].backend) << i;
      ASSERT_EQ(packet.opens_flow, decided[i].opens_flow) << i;
      ASSERT_EQ(packet.length_bytes, decided[i].length_bytes) << i;
      ASSERT_TRUE(std::equal(packet.data, packet.data + packet.length_bytes, decided[i].data)) << i;
    }
    for (Side* side : {&together_, &one_by_one_}) side->let_go(*snapshot_, now_ticks_);
  }

  std::mt19937 random_{GetParam()};
  twin::FrameMaker frames_{random_};
  std::vector<std::uint64_t> health_words_ = std::vector<std::uint64_t>(side_capacities.backends_max);
  HealthTable health_{health_words_};
  std::unique_ptr<const Snapshot> snapshot_;
  std::uint32_t now_ticks_ = 0;
  Side together_{health_};
  Side one_by_one_{health_};
};

TEST_P(BurstOrder, IsThatOfItsPacketsOneByOne) {
  twin::RandomRows rows(random_);
  TableStore tables;
  for (std::uint32_t i = 0; i < 6000; ++i) {
    if (i % 60 == 0) {
      auto snapshot = load_compiled(rows.next(), tables, side_capacities);
      ASSERT_TRUE(snapshot) << snapshot.error().message;
      snapshot_ = std::move(*snapshot);
    }
    if (below(10) == 0) flip_health();
    if (below(4) == 0) now_ticks_ += below(40) == 0 ? below(500) : below(4);
    ASSERT_NO_FATAL_FAILURE(decide(1 + below(burst_packets_max))) << "burst " << i;
  }
  const auto* words = reinterpret_cast<const __u64*>(&together_.worker);
  const auto* others = reinterpret_cast<const __u64*>(&one_by_one_.worker);
  for (std::size_t i = 0; i < sizeof together_.worker / sizeof *words; ++i)
    EXPECT_EQ(words[i], others[i]) << "word " << i;
  for (std::size_t i = 0; i < together_.backends.size(); ++i) {
    EXPECT_EQ(together_.backends[i].packets, one_by_one_.backends[i].packets);
    EXPECT_EQ(together_.backends[i].remembered, one_by_one_.backends[i].remembered);
  }
  // It must have been about something.
  EXPECT_GT(together_.worker.flows_displaced, 100U);
  EXPECT_GT(together_.worker.plain, 1000U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BurstOrder, testing::Range(1U, 4U));

}  // namespace
}  // namespace guideway
