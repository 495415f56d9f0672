// SPDX-License-Identifier: Apache-2.0
// guidewayd as a process, driven over its API, with a datapath that only listens.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "tests/unit/controlplane/api/daemon_process.hh"

namespace guideway {
namespace {

TEST_F(DaemonTest, BringsBackendsUpAndPublishes) {
  listen_as(1);
  listen_as(2);
  write_config(config_with({backend("a", 1), backend("b", 2), backend("dead", 3)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  ASSERT_TRUE(becomes("b", "up"));
  const nlohmann::json dead = backend_of("dead");
  EXPECT_EQ(dead["state"], "down");
  EXPECT_EQ(gw_health_is_plain(datapath.health().load(index_of("a"))), 1);
  EXPECT_EQ(gw_health_state_of(datapath.health().load(dead["index"])), GW_HEALTH_DOWN);
  const gw_backend row = datapath.seen().back().backends.at(index_of("a"));
  EXPECT_EQ(row.flags & GW_BACKEND_RESOLVED, GW_BACKEND_RESOLVED);
  EXPECT_EQ(row.next_hop_mac[5], 1);
  EXPECT_EQ(row.source_mac[5], 9) << "the port's";
  const nlohmann::json status = get("/v1/status");
  EXPECT_EQ(status["backends"], 3);
  EXPECT_EQ(status["backends_up"], 2);
  EXPECT_EQ(status["datapath"]["name"], "test-datapath");
  EXPECT_EQ(status["datapath"]["ports"][0]["kernel_face"], "lo");
  EXPECT_TRUE(status["warnings"].empty()) << status["warnings"];
}

TEST_F(DaemonTest, HealthIsWrittenBeforeASnapshotNamesABackend) {
  listen_as(1);
  write_config(config_with({backend("a", 1), backend("b", 2)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  ASSERT_EQ(
      edit({{"op", "backend.add"}, {"pool", "web"}, {"backend", {{"name", "c"}, {"address", "127.0.0.4"}}}}).status,
      200);
  for (const FakeDatapath::Seen& seen : datapath.seen()) {
    for (const auto& [index, word] : seen.words) {
      EXPECT_NE(gw_health_state_of(word), GW_HEALTH_ABSENT) << "backend " << index << " in " << seen.generation;
      EXPECT_NE(gw_health_generation(word), 0U);
    }
  }
}

TEST_F(DaemonTest, AFailingBackendGoesDownAndComesBack) {
  listen_as(1);
  listen_as(2);
  write_config(config_with({backend("a", 1), backend("b", 2)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up") && becomes("b", "up"));
  const std::size_t published = datapath.seen().size();
  stop_listening_as(1);
  ASSERT_TRUE(becomes("a", "down"));
  EXPECT_EQ(backend_of("a")["reason"], "check failed");
  EXPECT_EQ(backend_of("a")["check"]["last"], "failed");
  EXPECT_EQ(datapath.seen().size(), published) << "health needs no snapshot";
  listen_as(1);
  EXPECT_TRUE(becomes("a", "up"));
  EXPECT_TRUE(gw_health_is_plain(datapath.health().load(index_of("a"))));
}

TEST_F(DaemonTest, AnEditIsPublishedOnceItIsAcknowledged) {
  listen_as(1);
  listen_as(2);
  write_config(config_with({backend("a", 1), backend("b", 2)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up") && becomes("b", "up"));
  const HttpAnswer answer = edit({{"op", "backend.weight"}, {"pool", "web"}, {"name", "a"}, {"weight", 4}});
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(datapath.seen().back().generation, answer.body["generation"]);
  EXPECT_NEAR(static_cast<double>(slots_of(datapath, index_of("a"))), 251.0 * 4 / 5, 1.0);
  EXPECT_GT(get("/v1/status")["moving_slots"].get<int>(), 0);
  ASSERT_EQ(set_state("b", "draining").status, 200);
  EXPECT_EQ(gw_health_state_of(datapath.health().load(index_of("b"))), GW_HEALTH_DRAINING);
  ASSERT_EQ(set_state("b", "enabled").status, 200);
  EXPECT_TRUE(gw_health_is_plain(datapath.health().load(index_of("b"))));
}

TEST_F(DaemonTest, ABackendComesUpAtAnotherAddressBehindTheSameMac) {
  listen_as(1);
  listen_as(2);
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  const HttpAnswer answer =
      edit({{"op", "backend.edit"}, {"pool", "web"}, {"name", "a"}, {"keys", {{"address", "127.0.0.2"}}}});
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(datapath.seen().back().backends.at(index_of("a")).address[3], 2);
  EXPECT_TRUE(becomes("a", "up")) << "its way is what it was: " << backend_of("a");
}

TEST_F(DaemonTest, AnEditThatIsRefusedChangesNothing) {
  listen_as(1);
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath({2, 2, 1024});
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  const nlohmann::json before = get("/v1/config");
  EXPECT_EQ(edit({{"op", "backend.weight"}, {"pool", "web"}, {"name", "nobody"}, {"weight", 4}}).status, 422);
  EXPECT_EQ(edit({{"op", "backend.add"}, {"pool", "web"}, {"backend", {{"address", "10.0.0.999"}}}}).status, 422);
  const auto add = [&](int number) {
    return edit({{"op", "backend.add"}, {"pool", "web"}, {"backend", "127.0.0." + std::to_string(number)}});
  };
  EXPECT_EQ(get("/v1/config"), before);
  EXPECT_EQ(add(7).status, 200);
  const HttpAnswer full = add(8);
  EXPECT_EQ(full.status, 422);
  EXPECT_NE(full.body["error"].get<std::string>().find("room for 2 backends"), std::string::npos) << full.text;
  EXPECT_EQ(get("/v1/backends")["backends"].size(), 2U);
}

TEST_F(DaemonTest, AnInvalidFileChangesNothingAndNamesTheLine) {
  listen_as(1);
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  const nlohmann::json before = get("/v1/config");
  const std::size_t published = datapath.seen().size();
  write_config(config_with({backend("a", 1, ", weight = 70000"), backend("a", 2)}));
  const std::string body = nlohmann::json{{"path", config_}}.dump();
  const HttpAnswer answer = ask(api_, "POST", "/v1/config/apply", body);
  EXPECT_EQ(answer.status, 422);
  ASSERT_FALSE(answer.body["errors"].empty()) << answer.text;
  EXPECT_EQ(answer.body["errors"][0]["file"], config_);
  EXPECT_GT(answer.body["errors"][0]["line"].get<int>(), 0);
  EXPECT_EQ(ask(api_, "POST", "/v1/config/diff", body).status, 422);
  ::kill(child_, SIGHUP);
  EXPECT_TRUE(eventually([&] { return log().find("reload_refused") != std::string::npos; }));
  EXPECT_EQ(get("/v1/config"), before);
  EXPECT_EQ(datapath.seen().size(), published);
  EXPECT_EQ(backend_of("a")["state"], "up");
}

TEST_F(DaemonTest, AValidFileIsDiffedAndApplied) {
  listen_as(1);
  listen_as(2);
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  ASSERT_EQ(set_state("a", "draining").status, 200);
  ASSERT_EQ(edit({{"op", "backend.weight"}, {"pool", "web"}, {"name", "a"}, {"weight", 9}}).status, 200);
  write_config(config_with({backend("a", 1), backend("b", 2)}));
  const std::string body = nlohmann::json{{"path", config_}}.dump();
  const HttpAnswer diff = ask(api_, "POST", "/v1/config/diff", body);
  ASSERT_EQ(diff.status, 200) << diff.text;
  EXPECT_EQ(diff.body["changes"].size(), 2U) << diff.text;
  const HttpAnswer applied = ask(api_, "POST", "/v1/config/apply", body);
  ASSERT_EQ(applied.status, 200) << applied.text;
  EXPECT_EQ(applied.body["changes"], diff.body["changes"]);
  EXPECT_EQ(backend_of("a")["administrative"], "draining") << "the operator's word stays";
  EXPECT_EQ(backend_of("a")["weight"], 1) << "the file's weight wins";
  EXPECT_TRUE(becomes("b", "up"));
  EXPECT_TRUE(ask(api_, "POST", "/v1/config/diff", body).body["changes"].empty());
}

TEST_F(DaemonTest, ARemovedBackendDrainsAndIsForgotten) {
  listen_as(1);
  listen_as(2);
  write_config(config_with({backend("a", 1), backend("b", 2)}, "idle_timeout = \"2s\""));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up") && becomes("b", "up"));
  const std::uint32_t b = index_of("b");
  datapath.backend(0, b).remembered = 1;
  ASSERT_EQ(edit({{"op", "backend.remove"}, {"pool", "web"}, {"name", "b"}}).status, 200);
  EXPECT_EQ(backend_of("b")["leaving"], true);
  EXPECT_EQ(gw_health_state_of(datapath.health().load(b)), GW_HEALTH_DRAINING);
  EXPECT_EQ(slots_of(datapath, b), 0U);
  EXPECT_TRUE(eventually([&] { return get("/v1/status")["moving_slots"] == 0; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_EQ(backend_of("b")["state"], "draining") << "a flow is still remembered";
  datapath.backend(0, b).remembered = 0;
  EXPECT_TRUE(eventually([&] { return backend_of("b").is_null(); }));
  EXPECT_EQ(gw_health_state_of(datapath.health().load(b)), GW_HEALTH_ABSENT);
  EXPECT_NE(gw_health_generation(datapath.health().load(b)), 0U);
}

TEST_F(DaemonTest, ForceTakesABackendOutAtOnce) {
  listen_as(1);
  listen_as(2);
  write_config(config_with({backend("a", 1), backend("b", 2)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up") && becomes("b", "up"));
  const std::uint32_t b = index_of("b");
  ASSERT_EQ(edit({{"op", "backend.remove"}, {"pool", "web"}, {"name", "b"}, {"force", true}}).status, 200);
  EXPECT_FALSE(gw_health_is_alive(datapath.health().load(b)));
  EXPECT_TRUE(eventually([&] { return backend_of("b").is_null(); }));
}

TEST_F(DaemonTest, ExplainsAFlowAsTheDatapathWouldDecide) {
  listen_as(1);
  listen_as(2);
  write_config(config_with({backend("a", 1), backend("b", 2)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up") && becomes("b", "up"));
  const std::string target = "/v1/explain?protocol=tcp&source=198.51.100.1:4242&destination=192.0.2.10:80";
  const nlohmann::json plain = get(target);
  EXPECT_EQ(plain["service"], "web");
  EXPECT_EQ(plain["plain"], true);
  EXPECT_EQ(plain["slots"], 251);
  EXPECT_EQ(plain["backend"], plain["current"]);
  EXPECT_EQ(plain["state"], "up");
  const gw_slot slot = datapath.seen().back().first_slots[0][plain["slot"].get<std::size_t>()];
  const std::string owner = slot.current_backend == index_of("a") ? "a" : "b";
  const std::string other = owner == "a" ? "b" : "a";
  EXPECT_EQ(plain["backend"], "web/" + owner);

  ASSERT_EQ(set_state(owner, "draining").status, 200);
  const nlohmann::json drained = get(target);
  EXPECT_EQ(drained["plain"], false);
  EXPECT_EQ(drained["backend"], "web/" + other) << "a new flow";
  EXPECT_EQ(drained["established"], "web/" + owner) << "one that began before";

  datapath.remember(door::FoundFlow{1, index_of(owner), GW_FLOW_ESTABLISHED, 800});
  const nlohmann::json remembered = get(target);
  EXPECT_EQ(remembered["remembered"], true);
  EXPECT_EQ(remembered["backend"], "web/" + owner);
  EXPECT_EQ(remembered["state"], "draining");
  const nlohmann::json nobody = get("/v1/explain?protocol=udp&source=198.51.100.1:4242&destination=192.0.2.10:80");
  EXPECT_TRUE(nobody["service"].is_null());
  EXPECT_FALSE(nobody["why"].get<std::string>().empty());
}

TEST_F(DaemonTest, ShowsTheDatapathsCounters) {
  listen_as(1);
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  datapath.worker(0).received_packets = 10;
  datapath.worker(0).exits[GW_EXIT_SENT] = 7;
  datapath.worker(1).exits[GW_EXIT_SENT] = 5;
  datapath.worker(1).exits[GW_EXIT_KERNEL_NOT_IP] = 3;
  datapath.worker(1).flows_not_remembered = 2;
  datapath.backend(1, index_of("a")).packets = 12;
  const nlohmann::json stats = get("/v1/stats");
  EXPECT_EQ(stats["workers"].size(), 2U);
  EXPECT_EQ(stats["workers"][0]["received"], 10);
  EXPECT_EQ(stats["exits"]["sent"]["count"], 12);
  EXPECT_EQ(stats["exits"]["kernel_not_ip"]["count"], 3);
  EXPECT_FALSE(stats["exits"]["sent"]["meaning"].get<std::string>().empty());
  EXPECT_EQ(stats["backends"][0]["packets"], 12);
  EXPECT_TRUE(eventually([this] { return get("/v1/status")["warnings"].size() == 1; })) << "flows without a place";
}

}  // namespace
}  // namespace guideway
