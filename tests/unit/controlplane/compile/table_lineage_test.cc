// SPDX-License-Identifier: Apache-2.0
#include "controlplane/compile/table_lineage.hh"

#include <gtest/gtest.h>

#include <algorithm>

namespace guideway {
namespace {

constexpr std::int64_t idle_ms = 1000;

std::vector<TableMember> members(std::uint32_t first, std::uint32_t count) {
  std::vector<TableMember> list;
  for (std::uint32_t i = first; i < first + count; ++i) list.push_back({"backend-" + std::to_string(i), i, 1});
  return list;
}

bool everyone(std::uint32_t) { return true; }

std::uint32_t moving_by_slots(const TableLineage& lineage) {
  return static_cast<std::uint32_t>(
      std::count_if(lineage.slots().begin(), lineage.slots().end(),
                    [](const gw_slot& slot) { return slot.current_backend != slot.home_backend; }));
}

TEST(TableLineage, FirstMembersAreAtHome) {
  TableLineage lineage(251);
  EXPECT_TRUE(lineage.slots().empty()) << "it has none yet";
  lineage.set_members(members(0, 5), 0);
  EXPECT_EQ(lineage.moving_slots(), 0U);
  EXPECT_EQ(moving_by_slots(lineage), 0U);
}

TEST(TableLineage, AChangeMovesCurrentOnlyAndIsRetiredInTime) {
  TableLineage lineage(251);
  lineage.set_members(members(0, 5), 0);
  const std::vector<gw_slot> before(lineage.slots().begin(), lineage.slots().end());
  lineage.set_members(members(0, 6), 100);
  EXPECT_GE(lineage.moving_slots(), 251U / 6);
  EXPECT_EQ(moving_by_slots(lineage), lineage.moving_slots());
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(lineage.slots()[i].home_backend, before[i].current_backend);
  EXPECT_FALSE(lineage.retire(100 + idle_ms - 1, idle_ms, everyone));
  EXPECT_TRUE(lineage.retire(100 + idle_ms, idle_ms, everyone));
  EXPECT_EQ(lineage.moving_slots(), 0U);
  EXPECT_EQ(moving_by_slots(lineage), 0U);
  EXPECT_FALSE(lineage.retire(100 + 2 * idle_ms, idle_ms, everyone));
}

TEST(TableLineage, AFurtherChangeKeepsHomeAndTheTime) {
  TableLineage lineage(251);
  lineage.set_members(members(0, 5), 0);
  const std::vector<gw_slot> first(lineage.slots().begin(), lineage.slots().end());
  lineage.set_members(members(0, 6), 100);
  lineage.set_members(members(0, 7), 600);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(lineage.slots()[i].home_backend, first[i].current_backend);
  EXPECT_TRUE(lineage.retire(100 + idle_ms, idle_ms, everyone)) << "the first change's slots are due";
  EXPECT_GT(lineage.moving_slots(), 0U) << "the second change's are not";
}

TEST(TableLineage, BackAndForthIsNoMove) {
  TableLineage lineage(251);
  lineage.set_members(members(0, 5), 0);
  const std::uint64_t id = lineage.id();
  lineage.set_members(members(0, 6), 100);
  EXPECT_NE(lineage.id(), id);
  lineage.set_members(members(0, 5), 200);
  EXPECT_EQ(lineage.moving_slots(), 0U);
  EXPECT_EQ(lineage.id(), id) << "the same contents have the same id";
}

TEST(TableLineage, SlotsOfTheDeadAreRetiredAtOnce) {
  TableLineage lineage(251);
  lineage.set_members(members(0, 5), 0);
  lineage.set_members(members(1, 4), 100);
  EXPECT_TRUE(lineage.names(0)) << "it is still home to flows";
  EXPECT_TRUE(lineage.retire(101, idle_ms, [](std::uint32_t index) { return index != 0; }));
  EXPECT_FALSE(lineage.names(0));
}

TEST(TableLineage, RestoreGivesTheSameBytes) {
  TableLineage lineage(251);
  lineage.set_members(members(0, 5), 0);
  lineage.set_members(members(2, 5), 100);
  TableLineage restored(251);
  restored.restore(lineage.members(), lineage.moving());
  EXPECT_EQ(restored.id(), lineage.id());
  EXPECT_EQ(*restored.wire(), *lineage.wire());
  EXPECT_EQ(restored.moving_slots(), lineage.moving_slots());
}

TEST(TableLineage, TheLastMemberLeaves) {
  TableLineage lineage(251);
  lineage.set_members(members(0, 1), 0);
  lineage.set_members({}, 10);
  EXPECT_EQ(lineage.slots()[7].current_backend, GW_NO_BACKEND);
  EXPECT_EQ(lineage.slots()[7].home_backend, 0U) << "its flows may go on";
  EXPECT_TRUE(lineage.retire(10 + idle_ms, idle_ms, everyone));
  EXPECT_EQ(lineage.slots()[7].home_backend, GW_NO_BACKEND);
  lineage.set_members(members(3, 1), 20 + idle_ms);
  EXPECT_EQ(lineage.moving_slots(), 0U) << "a slot that nobody owned has nothing to lose";
}

}  // namespace
}  // namespace guideway
