// SPDX-License-Identifier: Apache-2.0
// The door client at a door that says what no proper datapath would, or nothing.
#include <gtest/gtest.h>

#include "tests/unit/controlplane/publish/door_client_fixture.hh"
#include "tests/unit/controlplane/publish/raw_door.hh"

namespace guideway {
namespace {

TEST_F(DoorClientTest, RefusesADatapathThatTalksNonsense) {
  FakeDatapath datapath;
  RawDoor door(path_);
  ASSERT_TRUE(door.is_open());
  DoorClient client(io_, path_, handlers(), {milliseconds(5), milliseconds(10'000)});
  client.start();
  const auto after = [&](auto answer) {
    // It comes back after the last one.
    EXPECT_TRUE(run_until([&] { return door.has_caller(); }));
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
              door.welcome(welcome, sequence, datapath);
            }).find("ABI version 99"),
            std::string::npos);
  EXPECT_NE(after([&](std::uint32_t sequence) {
              auto welcome = good_welcome(datapath);
              welcome.port_count = GW_PORTS_MAX + 1;
              door.welcome(welcome, sequence, datapath);
            }).find("impossible"),
            std::string::npos);
  EXPECT_NE(after([&](std::uint32_t sequence) {
              auto welcome = good_welcome(datapath);
              welcome.backends_max = 4096;
              welcome.health_bytes = std::uint64_t{4096} * 8;
              door.welcome(welcome, sequence, datapath);
            }).find("health table"),
            std::string::npos);
  EXPECT_NE(after([&](std::uint32_t sequence) {
              door.send(good_welcome(datapath), sequence, {datapath.shared_memory().health_fd});
            }).find("no memory"),
            std::string::npos);
  EXPECT_NE(after([&](std::uint32_t) { door.send_bytes("hi", 2); }).find("too short"), std::string::npos);
  EXPECT_NE(after([&](std::uint32_t sequence) {
              door.welcome(good_welcome(datapath), sequence + 1, datapath);
            }).find("nobody asked"),
            std::string::npos);
  EXPECT_NE(after([&](std::uint32_t sequence) { door.send(door::Accepted{}, sequence); }).find("Welcome"),
            std::string::npos);
  EXPECT_EQ(opened_, 0);
  EXPECT_EQ(after([&](std::uint32_t sequence) { door.welcome(good_welcome(datapath), sequence, datapath); }), "");
  EXPECT_EQ(opened_, 1);
}

TEST_F(DoorClientTest, GivesUpADatapathThatDoesNotAnswer) {
  FakeDatapath datapath;
  RawDoor door(path_);
  ASSERT_TRUE(door.is_open());
  DoorClient client(io_, path_, handlers(), {milliseconds(5), milliseconds(200)});
  client.start();
  ASSERT_TRUE(door.accept());
  auto hello = door.receive();
  ASSERT_TRUE(hello.has_value());
  door.welcome(good_welcome(datapath), hello->sequence, datapath);
  ASSERT_TRUE(run_until([&] { return opened_ == 1; }));
  PublishReport report = publish(client, compiled_of({"a"}, 1));
  EXPECT_EQ(report.outcome, PublishOutcome::connection_lost);
  EXPECT_NE(report.reason.find("does not answer"), std::string::npos) << report.reason;
}

}  // namespace
}  // namespace guideway
