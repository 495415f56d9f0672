// SPDX-License-Identifier: Apache-2.0
// What a controller does with the staging memory, and when: nothing outside it is read, nobody can resize it, and what
// was accepted stays as it was.
#include "dataplane/door/staging.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <limits>

#include "tests/unit/dataplane/door/conversation_fixture.hh"

namespace guideway::door {
namespace {

class StagingTest : public ConversationTest {
 protected:
  Reply offer_tables_at(const StagedBytes& staged) {
    auto offer = request<TableOffer>();
    offer.table_count = 1;
    offer.staged = staged;
    return say(offer);
  }
  Reply offer_snapshot_at(const StagedBytes& staged) {
    auto offer = request<SnapshotOffer>();
    offer.generation = 1;
    offer.staged = staged;
    return say(offer);
  }
  [[nodiscard]] std::uint64_t staging_bytes() const {
    struct stat status {};
    ::fstat(staging_fd, &status);
    return static_cast<std::uint64_t>(status.st_size);
  }
};

TEST_F(StagingTest, HasRoomForTheLongestOfferTwice) {
  const auto welcome = read_answer<Welcome>(say(hello()).bytes());
  EXPECT_GE(welcome.staging_bytes, 2 * staged_tables_bytes_max);
  EXPECT_GE(welcome.staging_bytes, 2 * snapshot_length_bytes_max(datapath.capacities()));
  const Capacities many{100'000, 10'000'000, 1};
  const auto staging = Staging::create(many);
  ASSERT_TRUE(staging);
  EXPECT_GE(staging->length_bytes(), 2 * snapshot_length_bytes_max(many));
}

TEST_F(StagingTest, CannotBeResized) {
  greet();
  const std::uint64_t length = staging_bytes();
  EXPECT_NE(::ftruncate(staging_fd, 0), 0);
  EXPECT_NE(::ftruncate(staging_fd, static_cast<off_t>(length + 1)), 0);
  EXPECT_LT(::pwrite(staging_fd, "x", 1, static_cast<off_t>(length)), 0);
  EXPECT_EQ(staging_bytes(), length);
}

TEST_F(StagingTest, NothingOutsideIsRead) {
  greet();
  const std::uint64_t length = staging_bytes();
  constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  for (const StagedBytes& staged : {StagedBytes{length, 64}, StagedBytes{length - 63, 64}, StagedBytes{last, 64},
                                    StagedBytes{last - 63, 64}, StagedBytes{length + 1, 1}}) {
    expect_rejected(offer_tables_at(staged), "is not within the " + std::to_string(length));
    expect_rejected(offer_snapshot_at(staged), "is not within the " + std::to_string(length));
  }
  for (const std::uint64_t length_bytes : {last, length + 1, last - length}) {
    expect_rejected(offer_tables_at({length, length_bytes}), "can be meant");
    expect_rejected(offer_snapshot_at({length, length_bytes}), "can be meant");
  }
  expect_rejected(offer_tables_at({0, 0}), "memory is empty");
  expect_rejected(offer_snapshot_at({0, 0}), "memory is empty");
  // The last bytes are within: they are no table.
  expect_rejected(offer_tables_at({length - 64, 64}), "table magic");
}

TEST_F(StagingTest, AnOfferLiesWhereItSays) {
  greet();
  const Bytes table = good_table(5);
  const Bytes before(4099, std::byte{1});
  Bytes all = before;
  all.insert(all.end(), table.begin(), table.end());
  static_cast<void>(stage(all));
  const Reply reply = offer_tables_at({before.size(), table.size()});
  EXPECT_EQ(reply.type(), MessageType::accepted) << reason_of(reply.bytes());
  EXPECT_EQ(holdings.tables.count(5), 1U);
}

TEST_F(StagingTest, WhatIsWrittenAfterTheAnswerChangesNothing) {
  greet();
  ASSERT_EQ(offer_tables({good_table(5)}).type(), MessageType::accepted);
  const gw_slot slot = holdings.tables.at(5)->slots()[7];
  static_cast<void>(stage(Bytes(1 << 20, std::byte{0xff})));
  EXPECT_EQ(std::memcmp(&holdings.tables.at(5)->slots()[7], &slot, sizeof slot), 0);
  ASSERT_EQ(offer_snapshot(1, snapshot_bytes(rows(1, 5))).type(), MessageType::accepted);
  static_cast<void>(stage(Bytes(1 << 20, std::byte{0xff})));
  EXPECT_EQ(datapath.newest().generation(), 1U);
  EXPECT_EQ(datapath.newest().services().all().front().row.key.port_be16, rows(1, 5).services[0].key.port_be16);
}

// One that has left may still hold its own.
TEST_F(StagingTest, EachControllerHasItsOwn) {
  greet();
  const int before = staging_fd;
  struct stat one {};
  ASSERT_EQ(::fstat(before, &one), 0);
  Conversation next(datapath, holdings);
  const Reply reply = next.answer(bytes_of(hello()), {});
  ASSERT_EQ(reply.type(), MessageType::welcome);
  struct stat other {};
  ASSERT_EQ(::fstat(reply.fds()[2], &other), 0);
  EXPECT_NE(one.st_ino, other.st_ino);
}

}  // namespace
}  // namespace guideway::door
