// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/table_maps.hh"

#include <gtest/gtest.h>

#include "dataplane/xdp/grace_period.hh"
#include "tests/unit/dataplane/xdp/xdp_bed.hh"

namespace guideway {
namespace {

constexpr Capacities capacities{40, 16, 64};

class TableMapsTest : public XdpBed {
 protected:
  void SetUp() override {
    XdpOptions options;
    options.capacities = capacities;
    load(options);
  }

  // As many services, each with a table of its own; ids begin at `first`.
  static std::unique_ptr<const Snapshot> snapshot_of(std::uint64_t first, std::uint32_t count) {
    testing_support::SnapshotRows rows;
    TableStore tables;
    for (std::uint32_t i = 0; i < count; ++i) {
      rows.services.push_back(testing_support::service_row(i, static_cast<std::uint8_t>(i), 80, 6));
      rows.services.back().table = i;
      rows.tables.push_back(first + i);
      const auto slots = testing_support::slots_in_turn(4);
      tables[first + i] = *Table::load(testing_support::table_bytes(first + i, slots), capacities);
    }
    rows.backends = {testing_support::backend_row(0, 0)};
    return *Snapshot::load(testing_support::snapshot_bytes(rows), tables, capacities);
  }

  static std::set<std::uint64_t> ids_of(const Snapshot& snapshot) {
    const auto ids = snapshot.table_ids();
    return {ids.begin(), ids.end()};
  }
};

TEST_F(TableMapsTest, ATableThatWentMakesRoomForTheNext) {
  TableMaps tables(program_->snapshot_maps().tables);
  std::set<std::uint32_t> handles;
  for (std::uint64_t id = 1; id <= 9; ++id) {
    const auto snapshot = snapshot_of(id, 1);
    ASSERT_TRUE(tables.add(*snapshot));
    handles.insert(tables.handle_of(id));
    tables.keep_only({id});
    EXPECT_EQ(tables.held(), 1U);
  }
  EXPECT_EQ(handles.size(), 2U);  // the old one is in use until the new one is
  EXPECT_EQ(tables.spares(), 1U);
}

TEST_F(TableMapsTest, KeepsFewSparesAndUsesHandlesAgain) {
  TableMaps tables(program_->snapshot_maps().tables);
  for (std::uint64_t round = 0; round < 3; ++round) {
    const auto many = snapshot_of(100 * round + 1, 40);
    ASSERT_TRUE(tables.add(*many));
    EXPECT_EQ(tables.held(), 40U);
    for (const std::uint64_t id : ids_of(*many)) EXPECT_LT(tables.handle_of(id), 41U) << round;
    tables.keep_only({});
    EXPECT_EQ(tables.held(), 0U);
    EXPECT_EQ(tables.spares(), TableMaps::spares_max);
  }
}

TEST_F(TableMapsTest, ASuccessorFindsThemAndGivesThemUp) {
  const auto snapshot = snapshot_of(1, 3);
  TableMaps first(program_->snapshot_maps().tables);
  ASSERT_TRUE(first.add(*snapshot));
  TableMaps next(program_->snapshot_maps().tables);
  next.adopt();
  ASSERT_TRUE(next.add(*snapshot));
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_GE(next.handle_of(id), 3U);  // the others are in use yet
  next.give_up_adopted();
  const auto more = snapshot_of(10, 3);
  ASSERT_TRUE(next.add(*more));
  for (std::uint64_t id = 10; id <= 12; ++id) EXPECT_LT(next.handle_of(id), 3U);
}

TEST(GracePeriod, IsATourOfTheCpusHere) {
  const auto period = GracePeriod::create();
  ASSERT_TRUE(period) << period.error().message;
  const auto waited = period->wait();
  ASSERT_TRUE(waited) << waited.error().message;
}

}  // namespace
}  // namespace guideway
