// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/flow_scan.hh"

#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/forwarding/flow_table.hh"

namespace guideway {
namespace {

constexpr std::uint32_t now = 1000;

class FlowScanTest : public ::testing::Test {
 protected:
  // Everything, page by page.
  std::vector<gw_flow_entry> all(std::size_t room_size, std::uint32_t at_ticks = now) {
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
    if (table_.insert(hash, 3, 7, GW_FLOW_ESTABLISHED, now, 100) == Remembered::inserted) wanted.insert(hash);
  }
  ASSERT_GT(wanted.size(), 4900U);
  table_.insert(42, 3, 7, GW_FLOW_ESTABLISHED, now - 900, 10);  // over
  for (const std::size_t room : {8U, 150U, 20'000U}) {
    std::set<std::uint64_t> found;
    for (const gw_flow_entry& entry : all(room)) {
      EXPECT_TRUE(found.insert(entry.hash).second) << "twice";
      EXPECT_EQ(FlowTable::backend_of(entry), 3U);
    }
    EXPECT_EQ(found, wanted) << room;
  }
  EXPECT_TRUE(all(100, now + 1000).empty());
}

TEST_F(FlowScanTest, LooksAtNoMoreThanItMayAtOnce) {
  EXPECT_TRUE(all(100).empty());
  EXPECT_EQ(pages_, (table_.bucket_count() + buckets_scanned_at_once - 1) / buckets_scanned_at_once);
  std::vector<gw_flow_entry> room(8);
  EXPECT_EQ(scan_flows(table_.all(), table_.bucket_count() + 5, now, room).next_bucket, 0U) << "behind the end";
}

// An entry is one flow's, although its worker replaces it all the time: flow i has backend i.
TEST_F(FlowScanTest, NeverSeesHalfAnEntry) {
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    for (std::uint64_t round = 0; !stop.load(std::memory_order_relaxed); ++round) {
      const std::uint64_t i = round % 15 + 1;
      const std::uint64_t hash = i << 32U;  // all in one bucket
      if (gw_flow_entry* entry = table_.find(hash, now)) table_.forget(*entry);
      table_.insert(hash, static_cast<std::uint32_t>(i), 0, GW_FLOW_PROBATION, now, 100);
    }
  });
  std::vector<gw_flow_entry> room(8);
  std::uint64_t seen = 0;
  std::uint64_t torn = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (seen < 500'000 && torn == 0 && std::chrono::steady_clock::now() < end) {
    const FlowScan scan = scan_flows(table_.all().first(1), 0, now, room);
    for (std::uint32_t at = 0; at < scan.count; ++at)
      torn += room[at].hash >> 32U == FlowTable::backend_of(room[at]) ? 0 : 1;
    seen += scan.count;
  }
  stop.store(true);
  worker.join();
  EXPECT_EQ(torn, 0U);
  EXPECT_GE(seen, 500'000U);
}

}  // namespace
}  // namespace guideway
