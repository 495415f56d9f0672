// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/flow_scan.hh"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/forwarding/flow_table.hh"

namespace guideway {
namespace {

constexpr std::uint32_t scanned_at_ticks = 1000;

class FlowScanTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t backend_mask = 0xffffff;

  // Looks at the first bucket until half a million entries were seen, and ends the worker; returns how many there were.
  template <typename Judge>
  std::uint64_t look(std::atomic<bool>& stop, Judge judge) {
    std::vector<gw_flow_entry> room(8);
    std::uint64_t seen = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (seen < 500'000 && std::chrono::steady_clock::now() < end) {
      const FlowScan scan = scan_flows(table_.all().first(1), 0, scanned_at_ticks, room);
      std::for_each_n(room.begin(), scan.count, judge);
      seen += scan.count;
    }
    stop.store(true);
    return seen;
  }

  // Everything, page by page.
  std::vector<gw_flow_entry> all(std::size_t room_size, std::uint32_t at_ticks = scanned_at_ticks) {
    std::vector<gw_flow_entry> found;
    std::vector<gw_flow_entry> room(room_size);
    std::uint32_t bucket = 0;
    do {
      const FlowScan scan = scan_flows(table_.all(), bucket, at_ticks, room);
      EXPECT_LE(scan.count, room.size());
      EXPECT_TRUE(scan.next_bucket == 0 || scan.next_bucket > bucket) << "a page goes on";
      found.insert(found.end(), room.begin(), room.begin() + scan.count);
      bucket = scan.next_bucket;
      ++pages_;
    } while (bucket != 0);
    return found;
  }

  Wanderers wanderers_;
  std::vector<gw_backend_counters> counters_{16};
  FlowTable table_ = std::move(*FlowTable::create(100'000, counters_, wanderers_));
  int pages_ = 0;
};

TEST_F(FlowScanTest, FindsEveryLiveEntryOnce) {
  std::set<std::uint64_t> wanted;
  for (std::uint64_t i = 1; i <= 5000; ++i) {
    const std::uint64_t hash = i * 0x9e3779b97f4a7c15U;
    if (table_.insert(hash, 3, 7, GW_FLOW_ESTABLISHED, scanned_at_ticks, 100) == Remembered::inserted)
      wanted.insert(hash);
  }
  ASSERT_GT(wanted.size(), 4900U);
  table_.insert(42, 3, 7, GW_FLOW_ESTABLISHED, scanned_at_ticks - 900, 10);  // over
  for (const std::size_t room : {8U, 150U, 20'000U}) {
    std::set<std::uint64_t> found;
    for (const gw_flow_entry& entry : all(room)) {
      EXPECT_TRUE(found.insert(entry.hash).second) << "twice";
      EXPECT_EQ(FlowTable::backend_of(entry), 3U);
    }
    EXPECT_EQ(found, wanted) << room;
  }
  EXPECT_TRUE(all(100, scanned_at_ticks + 1000).empty());
}

TEST_F(FlowScanTest, LooksAtNoMoreThanItMayAtOnce) {
  EXPECT_TRUE(all(100).empty());
  EXPECT_EQ(pages_, (table_.bucket_count() + buckets_scanned_at_once - 1) / buckets_scanned_at_once);
  std::vector<gw_flow_entry> room(8);
  EXPECT_EQ(scan_flows(table_.all(), table_.bucket_count() + 5, scanned_at_ticks, room).next_bucket, 0U)
      << "behind the end";
}

// An entry is one flow's, although its worker replaces it all the time: flow i has backend i.
TEST_F(FlowScanTest, NeverSeesHalfAnEntry) {
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    for (std::uint64_t i = 1; !stop.load(std::memory_order_relaxed); ++i) {
      // All in one bucket, and none comes twice.
      if (gw_flow_entry* entry = table_.find((i - 5) << 32U, scanned_at_ticks)) table_.forget(*entry);
      table_.insert(i << 32U, static_cast<std::uint32_t>(i) & backend_mask, 0, GW_FLOW_PROBATION, scanned_at_ticks,
                    100);
    }
  });
  std::uint64_t torn = 0;
  const std::uint64_t seen = look(stop, [&](const gw_flow_entry& entry) {
    torn += (entry.hash >> 32U & backend_mask) == FlowTable::backend_of(entry) ? 0 : 1;
  });
  worker.join();
  EXPECT_EQ(torn, 0U);
  EXPECT_GE(seen, 500'000U);
}

// A flow that expired and comes again takes its old place at once: it never seems to have no backend.
TEST_F(FlowScanTest, AFlowThatComesAgainHasItsBackendAllTheTime) {
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      if (gw_flow_entry* entry = table_.find(1, scanned_at_ticks)) table_.forget(*entry);
      table_.insert(1, 7, 0, GW_FLOW_PROBATION, scanned_at_ticks, 100);
    }
  });
  std::uint64_t others = 0;
  const std::uint64_t seen =
      look(stop, [&](const gw_flow_entry& entry) { others += FlowTable::backend_of(entry) == 7 ? 0 : 1; });
  worker.join();
  EXPECT_EQ(others, 0U);
  EXPECT_GE(seen, 500'000U);
}

}  // namespace
}  // namespace guideway
