// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/flow_table.hh"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

namespace guideway {
namespace {

class FlowTableTest : public testing::Test {
 protected:
  static constexpr std::uint32_t backend_count = 64;
  std::vector<gw_backend_counters> counters_ = std::vector<gw_backend_counters>(backend_count);
  Wanderers wanderers_;
  FlowTable table_ = std::move(*FlowTable::create(1000, counters_, wanderers_));

  // A hash that falls into the same bucket as every other of `bucket`.
  [[nodiscard]] std::uint64_t hash_in(std::uint32_t bucket, std::uint64_t number) const {
    const std::uint64_t count = table_.bucket_count();
    return number << 32U | ((std::uint64_t{bucket} << 32U) + count - 1) / count;
  }
};

TEST_F(FlowTableTest, RemembersUntilTheDeadline) {
  ASSERT_EQ(table_.insert(42, 7, 3, GW_FLOW_ESTABLISHED, 100, 16), Remembered::inserted);
  ASSERT_TRUE(table_.may_hold(42));
  const gw_flow_entry* entry = table_.find(42, 123);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(FlowTable::backend_of(*entry), 7U);
  EXPECT_EQ(FlowTable::generation_of(*entry), 3U);
  EXPECT_EQ(FlowTable::state_of(*entry), GW_FLOW_ESTABLISHED);
  EXPECT_EQ(counters_[7].remembered, 1U);
  EXPECT_EQ(table_.find(42, 124), nullptr) << "its time is over";
  EXPECT_EQ(table_.held(), 0U);
  EXPECT_FALSE(table_.may_hold(42));
  EXPECT_EQ(counters_[7].remembered, 0U);
}

TEST_F(FlowTableTest, HashZeroIsAFlowLikeAnyOther) {
  EXPECT_EQ(table_.find(0, 1), nullptr);
  ASSERT_EQ(table_.insert(0, 1, 0, GW_FLOW_PROBATION, 0, 100), Remembered::inserted);
  EXPECT_TRUE(table_.may_hold(0));
  gw_flow_entry* entry = table_.find(0, 1);
  ASSERT_NE(entry, nullptr);
  table_.forget(*entry);
  EXPECT_EQ(table_.held(), 0U);
  EXPECT_EQ(table_.filter_count(0), 0U);
}

TEST_F(FlowTableTest, WanderersAreCountedWhileTheyAreHeld) {
  ASSERT_EQ(table_.insert(42, 7, 3, GW_FLOW_PROBATION, 100, 16, true), Remembered::inserted);
  EXPECT_TRUE(wanderers_.may_hold(42));
  EXPECT_FALSE(wanderers_.may_hold(std::uint64_t{1} << 18U)) << "other bits of the hash";
  gw_flow_entry* entry = table_.find(42, 101);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(FlowTable::state_of(*entry), GW_FLOW_PROBATION);
  FlowTable::touch(*entry, GW_FLOW_ESTABLISHED, 110, 16);
  EXPECT_EQ(FlowTable::state_of(*entry), GW_FLOW_ESTABLISHED);
  EXPECT_EQ(table_.find(42, 200), nullptr) << "its time is over";
  EXPECT_FALSE(wanderers_.may_hold(42)) << "and a touch did not lose the mark";
  ASSERT_EQ(table_.insert(42, 7, 3, GW_FLOW_PROBATION, 200, 16), Remembered::inserted);
  EXPECT_FALSE(wanderers_.may_hold(42)) << "a whole packet's";
}

// Entries of a full bucket take each other's places; in the end the filter knows of none.
TEST_F(FlowTableTest, WanderersAreCountedWhenTheyAreDisplaced) {
  for (std::uint64_t i = 1; i <= std::uint64_t{3} * GW_FLOWS_PER_BUCKET; ++i)
    ASSERT_NE(table_.insert(hash_in(5, i), 1, 0, GW_FLOW_PROBATION, 0, 100, i % 2 == 0), Remembered::refused);
  EXPECT_TRUE(wanderers_.may_hold(hash_in(5, 0)));
  while (table_.held() != 0) table_.sweep(table_.bucket_count(), 1000);
  EXPECT_FALSE(wanderers_.may_hold(hash_in(5, 0)));
}

TEST_F(FlowTableTest, TicksWrapWithoutNotice) {
  const std::uint32_t near_wrap = (1U << 28U) - 5;
  ASSERT_EQ(table_.insert(9, 1, 0, GW_FLOW_ESTABLISHED, near_wrap, 160), Remembered::inserted);
  EXPECT_NE(table_.find(9, near_wrap + 100), nullptr);
  EXPECT_NE(table_.find(9, near_wrap + 167), nullptr);
  EXPECT_EQ(table_.find(9, near_wrap + 168), nullptr);
}

TEST_F(FlowTableTest, TouchWritesOnlyWhatMatters) {
  ASSERT_EQ(table_.insert(9, 1, 0, GW_FLOW_ESTABLISHED, 0, 160), Remembered::inserted);
  gw_flow_entry* entry = table_.find(9, 1);
  const std::uint32_t before = entry->deadline;
  FlowTable::touch(*entry, GW_FLOW_ESTABLISHED, 8, 160);
  EXPECT_EQ(entry->deadline, before) << "still late enough";
  FlowTable::touch(*entry, GW_FLOW_ESTABLISHED, 9, 160);
  EXPECT_EQ(FlowTable::remaining_ticks(*entry, 9), 168U);
  FlowTable::touch(*entry, GW_FLOW_CLOSING, 9, 32);
  EXPECT_EQ(FlowTable::state_of(*entry), GW_FLOW_CLOSING);
  EXPECT_EQ(FlowTable::remaining_ticks(*entry, 9), 40U) << "a shorter time counts at once";
}

TEST_F(FlowTableTest, AFloodNeverEvictsALiveFlow) {
  std::vector<std::uint64_t> live;
  for (std::uint32_t bucket = 0; bucket < table_.bucket_count(); ++bucket) {
    for (std::uint64_t i = 1; i <= 5; ++i) live.push_back(hash_in(bucket, i));
  }
  for (const std::uint64_t hash : live)
    ASSERT_EQ(table_.insert(hash, 1, 0, GW_FLOW_ESTABLISHED, 0, 10'000), Remembered::inserted);
  std::mt19937_64 random(1);
  std::uint32_t displaced = 0;
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    const std::uint64_t hash = random();
    if (table_.find(hash, i / 100) == nullptr)
      displaced += table_.insert(hash, 2, 0, GW_FLOW_PROBATION, i / 100, 480) == Remembered::displaced_another ? 1 : 0;
  }
  EXPECT_GT(displaced, 100'000U) << "the flood must have competed for room";
  for (const std::uint64_t hash : live) {
    const gw_flow_entry* entry = table_.find(hash, 2000);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(FlowTable::backend_of(*entry), 1U);
  }
}

TEST_F(FlowTableTest, ABucketOfLiveFlowsRefuses) {
  for (std::uint64_t i = 1; i <= GW_FLOWS_PER_BUCKET; ++i)
    ASSERT_EQ(table_.insert(hash_in(3, i), 1, 0, GW_FLOW_ESTABLISHED, 0, 100), Remembered::inserted);
  EXPECT_EQ(table_.insert(hash_in(3, 99), 2, 0, GW_FLOW_PROBATION, 0, 100), Remembered::refused);
  EXPECT_EQ(counters_[2].remembered, 0U);
  EXPECT_EQ(table_.insert(hash_in(3, 99), 2, 0, GW_FLOW_PROBATION, 108, 100), Remembered::inserted)
      << "expired ones make room";
}

TEST_F(FlowTableTest, TenMillionFlowsTakeSixteenBytesEach) {
  const std::uint64_t bytes = std::uint64_t{gw_flow_bucket_count(10'000'000)} * sizeof(gw_flow_bucket);
  EXPECT_EQ(bytes, 160'000'000U);
  EXPECT_LE(bytes + GW_FLOW_FILTER_CELLS * sizeof(std::uint16_t), 168'000'000U);
  EXPECT_EQ(gw_flow_bucket_count(0), 1U);
  EXPECT_EQ(gw_flow_bucket_count(9), 2U);
  EXPECT_EQ(gw_flow_bucket_count(0xffffffff), 0x20000000U);
}

// Live flows until every bucket is full: each is remembered or refused, and none makes room for another.
TEST_F(FlowTableTest, AFullTableRefuses) {
  constexpr std::uint32_t flows_max = 100'000;
  FlowTable table = std::move(*FlowTable::create(flows_max, counters_, wanderers_));
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> kept;
  std::uint32_t offered = 0;
  const auto offer_until = [&](std::uint32_t number) {
    for (; offered < number; ++offered) {
      const std::uint64_t hash = random();
      const Remembered became = table.insert(hash, 1, 0, GW_FLOW_ESTABLISHED, 0, 10'000);
      ASSERT_NE(became, Remembered::displaced_another);
      if (became == Remembered::inserted) kept.push_back(hash);
    }
  };
  offer_until(flows_max / 2);
  EXPECT_GT(kept.size(), offered - offered / 50) << "half as many as it has room for: one in fifty is refused at most";
  offer_until(flows_max);
  EXPECT_GT(kept.size(), flows_max - flows_max / 7);
  offer_until(flows_max * 4);
  EXPECT_EQ(table.held(), flows_max) << "no place is left";
  EXPECT_EQ(kept.size(), flows_max);
  for (const std::uint64_t hash : kept) ASSERT_NE(table.find(hash, 1), nullptr);
  while (table.held() != 0) table.sweep(1000, 20'000);
}

TEST_F(FlowTableTest, OldestOnProbationMakesRoom) {
  for (std::uint64_t i = 1; i <= GW_FLOWS_PER_BUCKET; ++i)
    ASSERT_EQ(table_.insert(hash_in(3, i), 1, 0, i == 4 || i == 6 ? GW_FLOW_PROBATION : GW_FLOW_ESTABLISHED,
                            static_cast<std::uint32_t>(i), 100),
              Remembered::inserted);
  EXPECT_EQ(table_.insert(hash_in(3, 99), 2, 0, GW_FLOW_PROBATION, 20, 100), Remembered::displaced_another);
  EXPECT_EQ(table_.find(hash_in(3, 4), 20), nullptr);
  EXPECT_NE(table_.find(hash_in(3, 6), 20), nullptr);
}

// The filter, the gauges and held() against a plain map, through every operation in random order.
TEST_F(FlowTableTest, FilterNeverSaysNothingWrongly) {
  std::mt19937_64 random(7);
  std::map<std::uint64_t, std::uint32_t> model;  // hash -> deadline tick
  std::uint32_t now = 0;
  for (int step = 0; step < 300'000; ++step) {
    now += static_cast<std::uint32_t>(random() % 2);
    // Few distinct hashes, so that filter counters and buckets are shared by several.
    const std::uint64_t number = random() % 3000;
    const std::uint64_t hash = (number * 0x9e3779b97f4a7c15ULL & ~std::uint64_t{0x3fffe}) | number % 500 << 1U;
    gw_flow_entry* entry = table_.find(hash, now);
    switch (random() % 4) {
      case 0:
      case 1:
        if (entry == nullptr)
          (void)table_.insert(hash, static_cast<std::uint32_t>(random() % backend_count), 0,
                              random() % 2 == 0 ? GW_FLOW_PROBATION : GW_FLOW_ESTABLISHED, now,
                              static_cast<std::uint32_t>(1 + random() % 200));
        break;
      case 2:
        if (entry != nullptr) table_.forget(*entry);
        break;
      default:
        (void)table_.sweep(2, now);
    }
    if (step % 1000 != 0) continue;
    std::map<std::uint64_t, std::uint32_t> held_by_filter;
    std::vector<std::uint64_t> held_by_backend(backend_count);
    std::uint32_t held = 0;
    for (const gw_flow_bucket& bucket : table_.all()) {
      for (const gw_flow_entry& each : bucket.entries) {
        if (each.hash == 0) continue;
        ++held;
        ++held_by_filter[gw_flow_filter_cell(each.hash)];
        ++held_by_backend[FlowTable::backend_of(each)];
        ASSERT_TRUE(table_.may_hold(each.hash));
      }
    }
    ASSERT_EQ(held, table_.held());
    for (std::uint64_t index = 0; index < GW_FLOW_FILTER_CELLS; ++index)
      ASSERT_EQ(table_.filter_count(index << 1U), held_by_filter.count(index) != 0 ? held_by_filter[index] : 0U);
    for (std::uint32_t i = 0; i < backend_count; ++i) ASSERT_EQ(counters_[i].remembered, held_by_backend[i]);
  }
}

TEST_F(FlowTableTest, SweepEmptiesTheTable) {
  for (std::uint64_t i = 1; i < 500; ++i)
    (void)table_.insert(i * 0x9e3779b97f4a7c15ULL, 1, 0, GW_FLOW_ESTABLISHED, 0, 10);
  EXPECT_EQ(table_.sweep(table_.bucket_count(), 17), 0U);
  const std::uint32_t held = table_.held();
  EXPECT_EQ(table_.sweep(table_.bucket_count(), 18), held);
  EXPECT_EQ(table_.held(), 0U);
}

TEST_F(FlowTableTest, FromAfarTheSameIsSeenAndNothingChanged) {
  EXPECT_FALSE(table_.look_from_afar(42, 100));
  ASSERT_EQ(table_.insert(42, 7, 3, GW_FLOW_ESTABLISHED, 100, 16), Remembered::inserted);
  const auto seen = table_.look_from_afar(42, 123);
  ASSERT_TRUE(seen);
  EXPECT_EQ(FlowTable::backend_of(*seen), 7U);
  EXPECT_EQ(FlowTable::generation_of(*seen), 3U);
  EXPECT_FALSE(table_.look_from_afar(42, 124)) << "its time is over";
  EXPECT_EQ(table_.held(), 1U) << "but forgetting it is its own worker's";
}

// A reader on another core never sees an entry of one flow with the backend of another.
TEST_F(FlowTableTest, FromAfarNoEntryIsSeenTorn) {
  std::atomic<bool> stop{false};
  std::thread reader([this, &stop] {
    std::uint64_t number = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      const std::uint32_t flow = static_cast<std::uint32_t>(++number % 32);
      const auto seen = table_.look_from_afar(hash_in(1, flow + 1), 100);
      if (seen) {
        EXPECT_EQ(FlowTable::backend_of(*seen), flow);
      }
    }
  });
  for (std::uint64_t number = 0; number < 300000; ++number) {
    const auto flow = static_cast<std::uint32_t>(number * 7 % 32);
    const std::uint64_t hash = hash_in(1, flow + 1);
    if (gw_flow_entry* entry = table_.find(hash, 100))
      table_.forget(*entry);
    else
      (void)table_.insert(hash, flow, 1, GW_FLOW_PROBATION, 100, 50);
  }
  stop.store(true, std::memory_order_relaxed);
  reader.join();
}

}  // namespace
}  // namespace guideway
