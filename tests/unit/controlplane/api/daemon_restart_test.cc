// SPDX-License-Identifier: Apache-2.0
// guidewayd and its datapath come and go: killed, restarted, refused, asked to leave.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "tests/unit/controlplane/api/daemon_process.hh"

namespace guideway {
namespace {

TEST_F(DaemonTest, AKilledDaemonGoesOnWhereItWas) {
  listen_as(1);
  listen_as(2);
  listen_as(3);
  write_config(config_with({backend("b", 2), backend("c", 3)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("b", "up") && becomes("c", "up"));
  const nlohmann::json added{{"name", "a"}, {"address", "127.0.0.1"}, {"port", port_}, {"mac", "02:00:00:00:00:01"}};
  ASSERT_EQ(edit({{"op", "backend.add"}, {"pool", "web"}, {"backend", added}}).status, 200);
  ASSERT_TRUE(becomes("a", "up"));
  const HttpAnswer drained = set_state("b", "draining");
  ASSERT_EQ(drained.status, 200);
  std::map<std::string, std::uint32_t> indexes;
  for (const char* name : {"a", "b", "c"}) indexes[name] = index_of(name);
  const auto slots_before = datapath.seen().back().first_slots;
  const std::uint64_t words[] = {datapath.health().load(indexes["a"]), datapath.health().load(indexes["b"])};

  // Nobody may see a word change while the daemon is away and while it comes back.
  std::atomic<bool> watching{true};
  std::atomic<int> changes{0};
  std::thread watcher([&] {
    while (watching) {
      if (datapath.health().load(indexes["a"]) != words[0] || datapath.health().load(indexes["b"]) != words[1])
        ++changes;
      std::this_thread::yield();
    }
  });
  kill(SIGKILL);
  start();
  EXPECT_TRUE(eventually([&] { return get("/v1/status")["datapath"]["connected"] == true; }));
  EXPECT_TRUE(eventually([&] { return datapath.seen().back().generation > drained.body["generation"]; }));
  EXPECT_TRUE(becomes("a", "up"));
  EXPECT_TRUE(becomes("c", "up"));
  watching = false;
  watcher.join();
  EXPECT_EQ(changes, 0);
  for (const auto& [name, index] : indexes) EXPECT_EQ(index_of(name), index) << name;
  EXPECT_EQ(backend_of("b")["administrative"], "draining");
  const auto slots_after = datapath.seen().back().first_slots;
  ASSERT_EQ(slots_after.size(), slots_before.size());
  for (std::size_t i = 0; i < slots_before[0].size(); ++i) {
    EXPECT_EQ(slots_after[0][i].home_backend, slots_before[0][i].home_backend) << "slot " << i;
    EXPECT_EQ(slots_after[0][i].current_backend, slots_before[0][i].current_backend) << "slot " << i;
  }
}

TEST_F(DaemonTest, NoAcknowledgedEditIsLostToKills) {
  listen_as(1);
  write_config(config_with({backend("a", 1)}));
  start();
  for (int weight = 2; weight < 8; ++weight) {
    ASSERT_EQ(edit({{"op", "backend.weight"}, {"pool", "web"}, {"name", "a"}, {"weight", weight}}).status, 200);
    kill(SIGKILL);
    start();
    EXPECT_EQ(backend_of("a")["weight"], weight);
  }
}

TEST_F(DaemonTest, ARestartedDatapathGetsHealthBeforeTheSnapshot) {
  listen_as(1);
  listen_as(2);
  write_config(config_with({backend("a", 1), backend("b", 2)}));
  auto datapath = std::make_unique<FakeDatapath>();
  auto door = std::make_unique<TestDoor>(door_, *datapath);
  start();
  ASSERT_TRUE(becomes("a", "up") && becomes("b", "up"));
  ASSERT_EQ(set_state("b", "draining").status, 200);
  const std::uint32_t a = index_of("a");
  const std::uint32_t b = index_of("b");
  const std::uint64_t generation = datapath->seen().back().generation;
  door.reset();
  EXPECT_TRUE(eventually([&] { return get("/v1/status")["datapath"]["connected"] == false; }));
  const HttpAnswer meanwhile = edit({{"op", "backend.weight"}, {"pool", "web"}, {"name", "a"}, {"weight", 3}});
  EXPECT_EQ(meanwhile.status, 200);
  EXPECT_EQ(meanwhile.body["datapath"], "not connected");
  FakeDatapath restarted;
  TestDoor second(door_, restarted);
  ASSERT_TRUE(eventually([&] { return !restarted.seen().empty(); }));
  const FakeDatapath::Seen first = restarted.seen().front();
  EXPECT_GT(first.generation, generation);
  EXPECT_TRUE(gw_health_is_plain(first.words.at(a)));
  EXPECT_EQ(gw_health_state_of(first.words.at(b)), GW_HEALTH_DRAINING);
  EXPECT_NEAR(static_cast<double>(slots_of(restarted, a)), 251.0 * 3 / 4, 1.0);
}

TEST_F(DaemonTest, ASecondDaemonIsRefusedWithASentence) {
  listen_as(1);
  write_config(config_with({backend("a", 1)}));
  start();
  const pid_t second = spawn();
  int status = 0;
  ::waitpid(second, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_NE(log().find("another guidewayd"), std::string::npos) << log();
  EXPECT_EQ(ask(api_, "GET", "/v1/status").status, 200);
}

TEST_F(DaemonTest, AnInvalidConfigurationEndsTheStartWithEverySentence) {
  write_config(config_with({backend("a", 1, ", weight = 70000"), backend("b", 2, ", weigth = 1")}));
  const pid_t child = spawn();
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  const std::string said = log();
  EXPECT_GE(std::count(said.begin(), said.end(), '\n'), 2) << said;
  EXPECT_NE(said.find(config_ + ":"), std::string::npos) << said;
}

TEST_F(DaemonTest, LeavesWhenAskedAndTheDatapathKeepsItsHealth) {
  listen_as(1);
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  const std::uint32_t a = index_of("a");
  const int status = kill(SIGTERM);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(gw_health_is_plain(datapath.health().load(a)));
  EXPECT_FALSE(std::filesystem::exists(api_));
}

}  // namespace
}  // namespace guideway
