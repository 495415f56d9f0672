// SPDX-License-Identifier: Apache-2.0
// The door client at the real door.
#include "controlplane/publish/door_client.hh"

#include <gtest/gtest.h>

#include <memory>

#include "tests/unit/controlplane/publish/door_client_fixture.hh"
#include "tests/unit/controlplane/publish/test_door.hh"

namespace guideway {
namespace {

TEST_F(DoorClientTest, ReadsWhatTheDatapathSaysOfItself) {
  FakeDatapath datapath;
  TestDoor door(path_, datapath);
  DoorClient client(io_, path_, handlers());
  client.start();
  ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  const Datapath& said = *client.datapath();
  EXPECT_EQ(said.name, "test-datapath");
  EXPECT_EQ(said.worker_count, 2U);
  EXPECT_EQ(said.generation, 0U);
  EXPECT_EQ(said.capacities.backends_max, 128U);
  ASSERT_EQ(said.ports.size(), 1U);
  EXPECT_EQ(said.ports[0].kernel_face, "lo");
  EXPECT_EQ(said.ports[0].mac.text(), "02:00:00:00:00:09");
}

TEST_F(DoorClientTest, StoresHealthStraightIntoTheDatapathsMemory) {
  FakeDatapath datapath;
  TestDoor door(path_, datapath);
  DoorClient client(io_, path_, handlers());
  client.start();
  ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  client.health()->store(5, 77);
  EXPECT_EQ(datapath.health().load(5), 77U);
}

TEST_F(DoorClientTest, SendsATableOnce) {
  FakeDatapath datapath;
  TestDoor door(path_, datapath);
  DoorClient client(io_, path_, handlers());
  client.start();
  ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  PublishReport first = publish(client, compiled_of({"a", "b"}, 1));
  EXPECT_EQ(first.outcome, PublishOutcome::accepted) << first.reason;
  EXPECT_EQ(first.tables_sent, 2U);
  PublishReport second = publish(client, compiled_of({"a", "b"}, 2));
  EXPECT_EQ(second.outcome, PublishOutcome::accepted) << second.reason;
  EXPECT_EQ(second.tables_sent, 0U);
  EXPECT_EQ(second.generation, 2U);
  // The datapath drops what a snapshot does not name, so it must be sent again.
  EXPECT_EQ(publish(client, compiled_of({"a"}, 3)).tables_sent, 0U);
  EXPECT_EQ(publish(client, compiled_of({"a", "b"}, 4)).tables_sent, 1U);
  EXPECT_EQ(datapath.seen().size(), 4U);
}

TEST_F(DoorClientTest, TablesOfOneMemoryArriveAsTheyAre) {
  FakeDatapath datapath;
  TestDoor door(path_, datapath);
  DoorClient client(io_, path_, handlers());
  client.start();
  ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  const Compiled compiled = compiled_of({"a", "b", "c"}, 1);
  ASSERT_EQ(publish(client, compiled).tables_sent, 3U);
  const FakeDatapath::Seen seen = datapath.seen().at(0);
  ASSERT_EQ(seen.services.size(), 3U);
  for (std::size_t i = 0; i < seen.services.size(); ++i) {
    const auto slots = std::as_bytes(std::span(seen.first_slots[i]));
    const std::vector<std::byte>& table = *compiled.tables.at(seen.services[i].table).bytes;
    EXPECT_TRUE(std::equal(slots.begin(), slots.end(), table.begin() + sizeof(gw_table_header), table.end())) << i;
  }
}

TEST_F(DoorClientTest, PublishesInOrderWithoutWaiting) {
  FakeDatapath datapath;
  TestDoor door(path_, datapath);
  DoorClient client(io_, path_, handlers());
  client.start();
  ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  std::vector<std::uint64_t> done;
  for (std::uint64_t generation = 1; generation <= 20; ++generation) {
    client.publish(std::make_shared<const Compiled>(compiled_of({"a", "b"}, generation)),
                   [&](const PublishReport& report) {
                     EXPECT_EQ(report.outcome, PublishOutcome::accepted) << report.reason;
                     done.push_back(report.generation);
                   });
  }
  ASSERT_TRUE(run_until([&] { return done.size() == 20; }));
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_EQ(done[i], i + 1);
}

TEST_F(DoorClientTest, HandsOnTheDatapathsReasonToReject) {
  FakeDatapath datapath;
  TestDoor door(path_, datapath);
  DoorClient client(io_, path_, handlers());
  client.start();
  ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  EXPECT_EQ(publish(client, compiled_of({"a"}, 5)).outcome, PublishOutcome::accepted);
  PublishReport stale = publish(client, compiled_of({"a"}, 5));
  EXPECT_EQ(stale.outcome, PublishOutcome::rejected);
  EXPECT_NE(stale.reason.find("generation"), std::string::npos) << stale.reason;
  EXPECT_EQ(publish(client, compiled_of({"a"}, 6)).outcome, PublishOutcome::accepted);
}

TEST_F(DoorClientTest, ComesBackToARestartedDatapathAndSendsEverythingAgain) {
  DoorClient client(io_, path_, handlers());
  client.start();
  {
    FakeDatapath datapath;
    TestDoor door(path_, datapath);
    ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
    EXPECT_EQ(publish(client, compiled_of({"a", "b"}, 1)).tables_sent, 2U);
  }
  ASSERT_TRUE(run_until([&] { return client.datapath() == nullptr; }));
  EXPECT_EQ(publish(client, compiled_of({"a"}, 2)).outcome, PublishOutcome::connection_lost);
  FakeDatapath restarted;
  TestDoor door(path_, restarted);
  ASSERT_TRUE(run_until([&] { return opened_ == 2; }));
  EXPECT_EQ(publish(client, compiled_of({"a", "b"}, 3)).tables_sent, 2U);
}

TEST_F(DoorClientTest, SaysEachReasonForAShutDoorOnce) {
  DoorClient client(io_, path_, handlers(), {milliseconds(5), milliseconds(1000)});
  client.start();
  EXPECT_FALSE(run_until([&] { return reasons_.size() > 1; }, milliseconds(100)));
  ASSERT_EQ(reasons_.size(), 1U);
  EXPECT_NE(reasons_[0].find(path_), std::string::npos);
}

TEST_F(DoorClientTest, AnOccupiedDoorIsAReasonAndOpensLater) {
  FakeDatapath datapath;
  TestDoor door(path_, datapath);
  boost::asio::io_context other_io;
  auto first = std::make_unique<DoorClient>(io_, path_, handlers());
  first->start();
  ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  int second_opened = 0;
  std::vector<std::string> second_reasons;
  DoorClient second(io_, path_,
                    {[&] { ++second_opened; }, [&](const std::string& why) { second_reasons.push_back(why); }},
                    {milliseconds(20), milliseconds(1000)});
  second.start();
  ASSERT_TRUE(run_until([&] { return !second_reasons.empty(); }));
  EXPECT_NE(second_reasons[0].find("refused"), std::string::npos) << second_reasons[0];
  EXPECT_EQ(second_opened, 0);
  first->stop();
  EXPECT_TRUE(run_until([&] { return second_opened == 1; }));
}

TEST_F(DoorClientTest, AsksForAFlow) {
  FakeDatapath datapath;
  datapath.remember(door::FoundFlow{1, 9, 1, 160});
  TestDoor door(path_, datapath);
  DoorClient client(io_, path_, handlers());
  client.start();
  ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  gw_flow_key flow{};
  flow.family = GW_FAMILY_IPV4;
  flow.protocol = 6;
  std::optional<Result<door::FlowAnswer>> answer;
  client.query(flow, [&](const Result<door::FlowAnswer>& got) { answer = got; });
  ASSERT_TRUE(run_until([&] { return answer.has_value(); }));
  ASSERT_TRUE(*answer) << answer->error().message;
  EXPECT_EQ((*answer)->remembered, 1U);
  EXPECT_EQ((*answer)->backend, 9U);
  answer.reset();
  flow.family = 5;
  client.query(flow, [&](const Result<door::FlowAnswer>& got) { answer = got; });
  ASSERT_TRUE(run_until([&] { return answer.has_value(); }));
  EXPECT_FALSE(*answer);
  EXPECT_NE(client.datapath(), nullptr) << "a question that is refused costs no connection";
}

}  // namespace
}  // namespace guideway
