// SPDX-License-Identifier: Apache-2.0
#include "controlplane/publish/door_client.hh"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/unit/controlplane/publish/raw_door.hh"
#include "tests/unit/controlplane/publish/test_door.hh"

namespace guideway {
namespace {

using std::chrono::milliseconds;

Config config_with(const std::vector<std::string>& pools) {
  Config config;
  std::uint8_t number = 1;
  for (const std::string& name : pools) {
    PoolConfig pool;
    pool.name = name;
    BackendConfig backend;
    backend.name = name + "-1";
    backend.address = *IpAddress::parse("10.0.0." + std::to_string(number));
    pool.backends.push_back(backend);
    config.pools.push_back(pool);
    ServiceConfig service;
    service.name = name;
    service.pool = name;
    service.port = 80;
    service.table_slots = 251;
    service.addresses = {*IpAddress::parse("192.0.2." + std::to_string(number))};
    config.services.push_back(service);
    ++number;
  }
  return config;
}

Compiled compiled_of(const std::vector<std::string>& pools, std::uint64_t generation) {
  Ledger ledger(Capacities{});
  EXPECT_TRUE(ledger.adopt(config_with(pools), {}, 0));
  return ledger.compile(generation, {});
}

class DoorClientTest : public ::testing::Test {
 protected:
  DoorClientTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "guideway-door-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/door.sock";
  }
  ~DoorClientTest() override { std::filesystem::remove_all(directory_); }

  DoorClient::Handlers handlers() {
    return {[this] { ++opened_; }, [this](const std::string& why) { reasons_.push_back(why); }};
  }
  // Turns the loop until something holds.
  template <typename Condition>
  bool run_until(Condition condition, milliseconds limit = milliseconds(10'000)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_for(milliseconds(2));
    }
    return condition();
  }
  PublishReport publish(DoorClient& client, const Compiled& compiled) {
    std::optional<PublishReport> report;
    client.publish(compiled, [&](const PublishReport& got) { report = got; });
    EXPECT_TRUE(run_until([&] { return report.has_value(); }));
    return report.value_or(PublishReport{PublishOutcome::connection_lost, "nothing came", 0, 0});
  }

  std::string directory_;
  std::string path_;
  boost::asio::io_context io_;
  int opened_ = 0;
  std::vector<std::string> reasons_;
};

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

TEST_F(DoorClientTest, PublishesInOrderWithoutWaiting) {
  FakeDatapath datapath;
  TestDoor door(path_, datapath);
  DoorClient client(io_, path_, handlers());
  client.start();
  ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  std::vector<std::uint64_t> done;
  for (std::uint64_t generation = 1; generation <= 20; ++generation) {
    client.publish(compiled_of({"a", "b"}, generation), [&](const PublishReport& report) {
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

// A Welcome that a proper datapath would send, for the test to spoil.
door::Welcome good_welcome(const FakeDatapath& datapath) {
  door::Welcome welcome{};
  welcome.abi_version = GW_ABI_VERSION;
  welcome.services_max = 64;
  welcome.backends_max = 128;
  welcome.flows_max = 1024;
  welcome.health_bytes = datapath.shared_memory().health_bytes;
  welcome.counters_bytes = datapath.shared_memory().counters_bytes;
  datapath.describe(welcome);
  return welcome;
}

TEST_F(DoorClientTest, RefusesADatapathThatTalksNonsense) {
  FakeDatapath datapath;
  const door::SharedMemory memory = datapath.shared_memory();
  RawDoor door(path_);
  ASSERT_TRUE(door.is_open());
  DoorClient client(io_, path_, handlers(), {milliseconds(5), milliseconds(1000)});
  client.start();
  const auto after = [&](auto answer) {
    // Long enough to come back after the last one.
    EXPECT_FALSE(run_until([] { return false; }, milliseconds(50)));
    reasons_.clear();
    EXPECT_TRUE(door.accept());
    auto hello = door.receive();
    EXPECT_TRUE(hello.has_value());
    answer(hello ? hello->sequence : 0);
    EXPECT_TRUE(run_until([&] { return !reasons_.empty() || opened_ > 0; }));
    door.hang_up();
    return reasons_.empty() ? std::string() : reasons_[0];
  };
  EXPECT_NE(after([&](std::uint32_t sequence) {
              auto welcome = good_welcome(datapath);
              welcome.abi_version = 99;
              door.send(welcome, sequence, {memory.health_fd, memory.counters_fd});
            }).find("ABI version 99"),
            std::string::npos);
  EXPECT_NE(after([&](std::uint32_t sequence) {
              auto welcome = good_welcome(datapath);
              welcome.port_count = GW_PORTS_MAX + 1;
              door.send(welcome, sequence, {memory.health_fd, memory.counters_fd});
            }).find("impossible"),
            std::string::npos);
  EXPECT_NE(after([&](std::uint32_t sequence) {
              auto welcome = good_welcome(datapath);
              welcome.backends_max = 4096;
              welcome.health_bytes = 4096 * 8;
              door.send(welcome, sequence, {memory.health_fd, memory.counters_fd});
            }).find("health table"),
            std::string::npos);
  EXPECT_NE(after([&](std::uint32_t sequence) {
              door.send(good_welcome(datapath), sequence, {memory.health_fd});
            }).find("no memory"),
            std::string::npos);
  EXPECT_NE(after([&](std::uint32_t) { door.send_bytes("hi", 2); }).find("too short"), std::string::npos);
  EXPECT_NE(after([&](std::uint32_t sequence) {
              door.send(good_welcome(datapath), sequence + 1, {memory.health_fd, memory.counters_fd});
            }).find("nobody asked"),
            std::string::npos);
  EXPECT_NE(after([&](std::uint32_t sequence) { door.send(door::Accepted{}, sequence); }).find("Welcome"),
            std::string::npos);
  EXPECT_EQ(opened_, 0);
  EXPECT_EQ(after([&](std::uint32_t sequence) {
              door.send(good_welcome(datapath), sequence, {memory.health_fd, memory.counters_fd});
            }),
            "");
  EXPECT_EQ(opened_, 1);
}

TEST_F(DoorClientTest, GivesUpADatapathThatDoesNotAnswer) {
  FakeDatapath datapath;
  const door::SharedMemory memory = datapath.shared_memory();
  RawDoor door(path_);
  ASSERT_TRUE(door.is_open());
  DoorClient client(io_, path_, handlers(), {milliseconds(5), milliseconds(200)});
  client.start();
  ASSERT_TRUE(door.accept());
  auto hello = door.receive();
  ASSERT_TRUE(hello.has_value());
  door.send(good_welcome(datapath), hello->sequence, {memory.health_fd, memory.counters_fd});
  ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  PublishReport report = publish(client, compiled_of({"a"}, 1));
  EXPECT_EQ(report.outcome, PublishOutcome::connection_lost);
  EXPECT_NE(report.reason.find("does not answer"), std::string::npos) << report.reason;
}

}  // namespace
}  // namespace guideway
