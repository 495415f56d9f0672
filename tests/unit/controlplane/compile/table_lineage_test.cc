// SPDX-License-Identifier: Apache-2.0
#include "controlplane/compile/table_lineage.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

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

// As a restart does it.
TableLineage restored(const TableLineage& lineage) {
  TableLineage restored(lineage.slot_count());
  if (const auto& change = lineage.one_change()) {
    restored.set_members(change->members_before, change->since_ms);
    restored.set_members(lineage.members(), change->since_ms);
  } else {
    restored.restore(lineage.members(), lineage.moving());
  }
  return restored;
}

void expect_equal(const TableLineage& one, const TableLineage& other) {
  const auto told = [](const TableLineage& lineage) {
    std::vector<std::tuple<std::uint32_t, std::uint32_t, std::int64_t>> list;
    for (const auto& each : lineage.moving()) list.emplace_back(each.slot, each.home, each.since_ms);
    return list;
  };
  EXPECT_EQ(one.id(), other.id());
  EXPECT_EQ(*one.wire(), *other.wire());
  EXPECT_EQ(told(one), told(other));
  EXPECT_EQ(one.moving_slots(), other.moving_slots());
}

// The rules told slot by slot: what a lineage must agree with, whatever happens to it.
class SlotBySlot {
 public:
  explicit SlotBySlot(std::uint32_t slot_count) : slots_(slot_count) {}

  void set_members(std::vector<TableMember> members, std::int64_t now_ms) {
    TableLineage::sort(members);
    const std::vector<std::uint32_t> owners = TableLineage::build(members, static_cast<std::uint32_t>(slots_.size()));
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      Slot& slot = slots_[i];
      const bool was_moving = moves(slot);
      slot.current = owners[i] == 0xffffffffU ? GW_NO_BACKEND : members[owners[i]].index;
      if (slot.home == GW_NO_BACKEND) slot.home = slot.current;
      if (moves(slot) && !was_moving) slot.since_ms = now_ms;
    }
  }
  void retire(std::int64_t now_ms, const std::function<bool(std::uint32_t)>& alive) {
    for (Slot& slot : slots_)
      if (moves(slot) && (now_ms - slot.since_ms >= idle_ms || !alive(slot.home))) slot.home = slot.current;
  }
  [[nodiscard]] bool names(std::uint32_t backend) const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [&](const Slot& slot) { return slot.current == backend || slot.home == backend; });
  }
  void expect_is(const TableLineage& lineage) const {
    std::vector<std::tuple<std::uint32_t, std::uint32_t, std::int64_t>> moving;
    std::vector<std::tuple<std::uint32_t, std::uint32_t, std::int64_t>> told;
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
      ASSERT_EQ(lineage.slots()[i].current_backend, slots_[i].current) << i;
      ASSERT_EQ(lineage.slots()[i].home_backend, slots_[i].home) << i;
      if (moves(slots_[i])) moving.emplace_back(i, slots_[i].home, slots_[i].since_ms);
    }
    for (const auto& each : lineage.moving()) told.emplace_back(each.slot, each.home, each.since_ms);
    ASSERT_EQ(told, moving);
  }

 private:
  struct Slot {
    std::uint32_t current = GW_NO_BACKEND;
    std::uint32_t home = GW_NO_BACKEND;
    std::int64_t since_ms = 0;
  };
  static bool moves(const Slot& slot) { return slot.home != slot.current; }
  std::vector<Slot> slots_;
};

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
  expect_equal(restored(lineage), lineage);
  lineage.set_members(members(2, 6), 200);
  ASSERT_FALSE(lineage.one_change());
  expect_equal(restored(lineage), lineage);
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

// Tables of few names, weights and indexes, changed at random: many come again, and never under an id of other bytes.
TEST(TableLineage, AnIdNamesTheSameBytesAlways) {
  std::mt19937 random(5);
  const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  std::map<std::uint64_t, std::vector<std::byte>> bytes_by_id;
  std::uint32_t again = 0;
  for (int life = 0; life < 400; ++life) {
    TableLineage lineage(life % 2 == 0 ? 251 : 257);
    for (std::int64_t now_ms = 0; now_ms < 20 * idle_ms / 4; now_ms += idle_ms / 4) {
      std::vector<TableMember> next;
      for (std::uint32_t i = 0; i < 3; ++i)
        if (below(4) != 0) next.push_back({"backend-" + std::to_string(i), i + below(2), 1 + below(2)});
      lineage.set_members(next, now_ms);
      if (below(3) == 0)
        static_cast<void>(lineage.retire(now_ms, idle_ms, [&](std::uint32_t) { return below(2) != 0; }));
      const auto [known, is_new] = bytes_by_id.emplace(lineage.id(), *lineage.wire());
      ASSERT_TRUE(is_new || known->second == *lineage.wire()) << life << " " << now_ms;
      again += is_new ? 0 : 1;
    }
  }
  EXPECT_GT(again, 100U);
  EXPECT_GT(bytes_by_id.size(), 100U);
}

TEST(TableLineage, AgreesWithTheRulesSlotBySlotThroughRandomLives) {
  std::mt19937 random(11);
  const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  std::uint32_t by_one_change = 0;
  std::uint32_t by_slots = 0;
  for (int life = 0; life < 200; ++life) {
    TableLineage lineage(251);
    SlotBySlot rules(251);
    std::int64_t now_ms = 0;
    for (int step = 0; step < 30; ++step, now_ms += below(idle_ms)) {
      if (step == 0 || below(3) == 0) {
        std::vector<TableMember> next;
        for (std::uint32_t i = 0; i < 4; ++i)
          if (below(4) != 0) next.push_back({"backend-" + std::to_string(i), 4 * below(2) + i, below(4)});
        lineage.set_members(next, now_ms);
        rules.set_members(next, now_ms);
      } else {
        const std::uint32_t dead = below(16);
        const auto alive = [&](std::uint32_t backend) { return backend != dead; };
        const bool is_due = lineage.is_due(now_ms, idle_ms, alive);
        EXPECT_EQ(lineage.retire(now_ms, idle_ms, alive), is_due);
        rules.retire(now_ms, alive);
      }
      rules.expect_is(lineage);
      if (HasFatalFailure()) return;
      for (std::uint32_t backend = 0; backend < 8; ++backend) EXPECT_EQ(lineage.names(backend), rules.names(backend));
      // Whatever was restored goes on as if it had not been.
      (lineage.one_change() ? by_one_change : by_slots) += lineage.moving_slots() == 0 ? 0 : 1;
      expect_equal(restored(lineage), lineage);
      if (below(4) == 0) lineage = restored(lineage);
    }
  }
  EXPECT_GT(by_one_change, 500U);
  EXPECT_GT(by_slots, 500U);
}

// A datapath that outlives an update of guidewayd takes a table whose id it knows without a look at it. Whoever means
// to change what is built from the same members gives ids another key (content_key), and both numbers here change.
TEST(TableLineage, OtherTablesFromTheSameMembersNeedOtherIds) {
  TableLineage lineage(1009);
  lineage.set_members({{"a", 1, 1}, {"b", 2, 3}, {"c", 3, 20}}, 0);
  lineage.set_members({{"a", 1, 2}, {"c", 3, 20}}, 10);
  std::uint64_t sum = 0;
  for (const gw_slot& slot : lineage.slots()) sum = sum * 31 + slot.current_backend * 7 + slot.home_backend;
  EXPECT_EQ(sum, 14964778427892162388U);
  EXPECT_EQ(lineage.id(), 436606180940252314U);
}

}  // namespace
}  // namespace guideway
