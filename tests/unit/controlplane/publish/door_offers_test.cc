// SPDX-License-Identifier: Apache-2.0
// What the door client offers, message by message, at a door that a test plays by hand.
#include <gtest/gtest.h>

#include "controlplane/publish/table_batch.hh"
#include "tests/unit/controlplane/publish/door_client_fixture.hh"
#include "tests/unit/controlplane/publish/raw_door.hh"

namespace guideway {
namespace {

class DoorOffersTest : public DoorClientTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(door_.is_open());
    client_.start();
    ASSERT_TRUE(door_.accept());
    const auto hello = door_.receive();
    ASSERT_TRUE(hello.has_value());
    door_.welcome(good_welcome(datapath_), hello->sequence, datapath_);
    ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  }
  void publish(std::uint64_t generation, const std::vector<std::size_t>& lengths_bytes) {
    auto compiled = std::make_shared<Compiled>();
    compiled->generation = generation;
    compiled->snapshot.resize(64);
    compiled->tables = tables(lengths_bytes);
    report_.reset();
    staged_at_bytes_ = 1;
    client_.publish(compiled, [this](const PublishReport& got) { report_ = got; });
  }
  static std::vector<CompiledTable> tables(const std::vector<std::size_t>& lengths_bytes) {
    std::vector<CompiledTable> tables;
    for (const std::size_t length_bytes : lengths_bytes)
      tables.push_back({tables.size() + 1, std::make_shared<const std::vector<std::byte>>(length_bytes)});
    return tables;
  }
  // How many tables the next message offers; 0: it offers a snapshot.
  std::uint32_t next_offer() {
    EXPECT_TRUE(run_until([&] { return door_.has_message(); }));
    // Both offers have the same length.
    const auto offer = door_.receive<door::TableOffer>();
    EXPECT_TRUE(offer.has_value());
    if (!offer) return 0;
    sequence_ = offer->header.sequence;
    EXPECT_NE(offer->staged.at_bytes, staged_at_bytes_) << "the datapath may still look at the one before";
    staged_at_bytes_ = offer->staged.at_bytes;
    return offer->header.type == door::MessageType::table_offer ? offer->table_count : 0;
  }
  void accept(std::uint64_t id) {
    door::Accepted accepted{};
    accepted.id = id;
    door_.send(accepted, sequence_);
  }
  void reject() { door_.send(door::Rejected{}, sequence_); }
  PublishReport outcome() {
    EXPECT_TRUE(run_until([&] { return report_.has_value(); }));
    return report_.value_or(PublishReport{});
  }

  FakeDatapath datapath_;
  RawDoor door_{path_};
  DoorClient client_{io_, path_, handlers(), {milliseconds(5), milliseconds(10'000)}};
  std::optional<PublishReport> report_;
  std::uint32_t sequence_ = 0;
  std::uint64_t staged_at_bytes_ = 1;
};

TEST_F(DoorOffersTest, ManyTablesAreFewOffers) {
  publish(1, std::vector<std::size_t>(3000, 2032));
  for (const std::uint32_t count : {2048U, 952U}) {
    ASSERT_EQ(next_offer(), count);
    accept(count);
  }
  ASSERT_EQ(next_offer(), 0U);
  accept(1);
  EXPECT_EQ(outcome().outcome, PublishOutcome::accepted);
  EXPECT_EQ(report_->tables_sent, 3000U);
  // One more is one offer of one table.
  publish(2, std::vector<std::size_t>(3001, 2032));
  EXPECT_EQ(next_offer(), 1U);
}

TEST_F(DoorOffersTest, ATableBeyondTheGoalGoesAlone) {
  publish(1, {100, staged_tables_bytes_goal + 1, 100, 100});
  for (const std::uint32_t count : {1U, 1U, 2U}) {
    ASSERT_EQ(next_offer(), count);
    accept(count);
  }
  EXPECT_EQ(next_offer(), 0U);
}

TEST_F(DoorOffersTest, NothingOfARejectedOfferIsTakenToBeHeld) {
  const std::vector<std::size_t> tables(3000, 2032);
  publish(1, tables);
  ASSERT_EQ(next_offer(), 2048U);
  reject();
  EXPECT_EQ(outcome().outcome, PublishOutcome::rejected);
  EXPECT_EQ(report_->tables_sent, 0U);

  publish(2, tables);
  ASSERT_EQ(next_offer(), 2048U);
  accept(2048);
  ASSERT_EQ(next_offer(), 952U);
  reject();
  EXPECT_EQ(outcome().outcome, PublishOutcome::rejected);
  EXPECT_EQ(report_->tables_sent, 2048U);

  // What was accepted before the rejection is.
  publish(3, tables);
  ASSERT_EQ(next_offer(), 952U);
  accept(952);
  ASSERT_EQ(next_offer(), 0U);
  reject();
  EXPECT_EQ(outcome().outcome, PublishOutcome::rejected);
  EXPECT_EQ(report_->tables_sent, 952U);

  publish(4, tables);
  EXPECT_EQ(next_offer(), 0U);
  accept(4);
  EXPECT_EQ(outcome().outcome, PublishOutcome::accepted);
  EXPECT_EQ(report_->tables_sent, 0U);
}

TEST_F(DoorOffersTest, TablesThatWentAheadAreNotOfferedAgain) {
  const std::vector<std::size_t> lengths_bytes(3000, 2032);
  client_.offer(tables(lengths_bytes));
  ASSERT_EQ(next_offer(), 2048U);
  publish(1, lengths_bytes);
  accept(2048);
  ASSERT_EQ(next_offer(), 952U);
  accept(952);
  ASSERT_EQ(next_offer(), 0U);
  accept(1);
  EXPECT_EQ(outcome().outcome, PublishOutcome::accepted);
  EXPECT_EQ(report_->tables_sent, 3000U);

  // There is nothing to say of these, and what stands behind them goes on.
  client_.offer(tables(lengths_bytes));
  client_.offer({});
  publish(2, lengths_bytes);
  EXPECT_EQ(next_offer(), 0U);
  accept(2);
  EXPECT_EQ(outcome().outcome, PublishOutcome::accepted);
  EXPECT_EQ(report_->tables_sent, 0U);
}

TEST_F(DoorOffersTest, TablesThatWereRejectedAheadAreRejectedWithTheirSnapshot) {
  client_.offer(tables({2032, 2032}));
  ASSERT_EQ(next_offer(), 2U);
  reject();
  publish(1, {2032, 2032});
  ASSERT_EQ(next_offer(), 2U);
  reject();
  EXPECT_EQ(outcome().outcome, PublishOutcome::rejected);
}

TEST_F(DoorOffersTest, ADatapathThatAcceptsAnotherNumberOfTablesIsGivenUp) {
  publish(1, {2032, 2032});
  ASSERT_EQ(next_offer(), 2U);
  accept(1);
  EXPECT_EQ(outcome().outcome, PublishOutcome::connection_lost);
  EXPECT_EQ(report_->reason, "the datapath answered an offer with something else");
}

}  // namespace
}  // namespace guideway
