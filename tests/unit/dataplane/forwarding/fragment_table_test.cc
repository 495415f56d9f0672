// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/fragment_table.hh"

#include <gtest/gtest.h>

#include "ebpf/abi/exits.h"
#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

constexpr std::uint64_t one_bucket = GW_FRAGMENTS_REMEMBERED_MAX / GW_FRAGMENTS_PER_BUCKET;

gw_fragment_entry entry_for(std::uint32_t service_id) {
  gw_fragment_entry entry{};
  entry.service_id = service_id;
  return entry;
}

TEST(FragmentTable, RemembersForItsTimeAndNoLonger) {
  FragmentTable table = std::move(*FragmentTable::create());
  EXPECT_EQ(table.find(5, 100), nullptr);
  table.learn(5, entry_for(7), 100);
  ASSERT_NE(table.find(5, 100), nullptr);
  EXPECT_EQ(table.find(5, 100)->service_id, 7U);
  EXPECT_NE(table.find(5, 100 + GW_FRAGMENT_TICKS - 1), nullptr);
  EXPECT_EQ(table.find(5, 100 + GW_FRAGMENT_TICKS), nullptr);
}

TEST(FragmentTable, ANewFirstTakesThePlaceOfTheFormer) {
  FragmentTable table = std::move(*FragmentTable::create());
  table.learn(5, entry_for(1), 0);
  table.learn(5, entry_for(2), 1);
  EXPECT_EQ(table.find(5, 1)->service_id, 2U);
}

TEST(FragmentTable, KeyZeroIsAKeyLikeOthers) {
  FragmentTable table = std::move(*FragmentTable::create());
  EXPECT_EQ(table.find(0, 0), nullptr);
  table.learn(0, entry_for(3), 0);
  ASSERT_NE(table.find(0, 0), nullptr);
  EXPECT_EQ(table.find(0, 0)->service_id, 3U);
}

TEST(FragmentTable, AFullBucketGivesUpTheEntryThatWouldEndFirst) {
  FragmentTable table = std::move(*FragmentTable::create());
  for (std::uint32_t i = 0; i < GW_FRAGMENTS_PER_BUCKET; ++i) table.learn(9 + i * one_bucket, entry_for(i), 7 + i);
  table.learn(9 + 4 * one_bucket, entry_for(4), 10);
  EXPECT_EQ(table.find(9, 10), nullptr) << "learnt at tick 7, the earliest";
  for (const std::uint32_t i : {1U, 2U, 3U, 4U}) EXPECT_NE(table.find(9 + i * one_bucket, 10), nullptr) << i;
}

TEST(FragmentTable, TimeMayWrap) {
  FragmentTable table = std::move(*FragmentTable::create());
  table.learn(5, entry_for(1), 0xfffffff0U);
  EXPECT_NE(table.find(5, 4), nullptr);
  EXPECT_EQ(table.find(5, 0xfffffff0U + GW_FRAGMENT_TICKS), nullptr);
}

}  // namespace
}  // namespace guideway
