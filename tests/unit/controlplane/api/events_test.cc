// SPDX-License-Identifier: Apache-2.0
// guidewayd as a process: what it writes into its event log, and how that is read.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/controlplane/api/daemon_process.hh"

namespace guideway {
namespace {

class EventsTest : public DaemonTest {
 protected:
  void SetUp() override { listen_as(1); }
};

TEST_F(EventsTest, TellWhyABackendChanged) {
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  EXPECT_TRUE(says("daemon", "has started with " + config_));
  EXPECT_TRUE(says("datapath", "datapath test-datapath (process "));
  EXPECT_TRUE(says("next-hop", "web/a is reached through 02:00:00:00:00:01"));
  EXPECT_TRUE(says("snapshot", "is in use"));
  EXPECT_TRUE(says("backend", "web/a is up; it was down")) << get("/v1/events");
  stop_listening_as(1);
  ASSERT_TRUE(becomes("a", "down"));
  EXPECT_TRUE(says("backend", "web/a is down: check failed (")) << get("/v1/events");
  EXPECT_TRUE(says("backend", "refused")) << get("/v1/events");
  ASSERT_EQ(set_state("a", "draining").status, 200);
  EXPECT_TRUE(says("edit", "backend.state web/a draining, by ")) << get("/v1/events");
  const nlohmann::json edit_event = get("/v1/events?limit=10000")["events"];
  const auto found = std::find_if(edit_event.begin(), edit_event.end(),
                                  [](const nlohmann::json& event) { return event["kind"] == "edit"; });
  ASSERT_NE(found, edit_event.end());
  EXPECT_EQ((*found)["who"]["uid"], ::getuid());
  EXPECT_EQ((*found)["who"]["process_id"], ::getpid());
  EXPECT_EQ((*found)["pool"], "web");
  const auto is_earlier = [](const nlohmann::json& a, const nlohmann::json& b) { return a["time_ms"] < b["time_ms"]; };
  EXPECT_TRUE(std::is_sorted(edit_event.begin(), edit_event.end(), is_earlier)) << edit_event;
}

TEST_F(EventsTest, OfSeveralChecksTellWhichFailed) {
  listen_as(2);
  const std::string two =
      R"(, check = [{ type = "tcp", interval = "100ms" }, { type = "tcp", interval = "100ms", port = )";
  const std::uint16_t first = port_;
  write_config(config_with({"{ name = \"a\", address = \"127.0.0.1\", port = " + std::to_string(first) +
                            ", mac = \"02:00:00:00:00:01\"" + two + std::to_string(first) + " }] }"}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  EXPECT_EQ(backend_of("a")["check"]["kind"], "tcp+tcp");
  stop_listening_as(1);
  ASSERT_TRUE(becomes("a", "down"));
  const std::string name = "tcp " + std::to_string(first);
  EXPECT_TRUE(says("backend", "web/a is down: check failed (" + name + " (")) << get("/v1/events");
  const nlohmann::json checks = backend_of("a")["checks"];
  EXPECT_EQ(checks["rule"], "all");
  EXPECT_EQ(checks["list"][1]["name"], name + " (2)");
  EXPECT_EQ(checks["list"][1]["detail"], "connection refused");
}

TEST_F(EventsTest, DriftInTheDatapathIsPutRightAndTold) {
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  const std::uint32_t index = index_of("a");
  const std::uint64_t right = datapath.health().load(index);
  EXPECT_FALSE(says("drift", "web/a"));
  datapath.health().store(index, gw_health_word(0, GW_HEALTH_DOWN, GW_REASON_NONE, gw_health_generation(right)));
  EXPECT_TRUE(eventually([&] { return datapath.health().load(index) == right; }));
  EXPECT_TRUE(says("drift", "web/a had another health word in the datapath; it is put right"));
}

TEST_F(EventsTest, AnEditThatIsRefusedIsNone) {
  write_config(config_with({backend("a", 1)}));
  start();
  EXPECT_EQ(set_state("nobody", "draining").status, 422);
  EXPECT_TRUE(texts("edit").empty());
}

TEST_F(EventsTest, OutliveAKill) {
  write_config(config_with({backend("a", 1)}));
  start();
  ASSERT_EQ(set_state("a", "draining").status, 200);
  const std::uint64_t last = get("/v1/events?limit=1")["events"][0]["id"];
  kill(SIGKILL);
  start();
  EXPECT_EQ(texts("edit").size(), 1U);
  EXPECT_EQ(texts("daemon").size(), 2U);
  EXPECT_GT(get("/v1/events?limit=1")["events"][0]["id"].get<std::uint64_t>(), last);
}

TEST_F(EventsTest, MayBeAskedForInPart) {
  write_config(config_with({backend("a", 1)}));
  start();
  for (const char* state : {"draining", "enabled", "disabled"}) ASSERT_EQ(set_state("a", state).status, 200);
  EXPECT_EQ(texts("edit", "?limit=1").size(), 1U);
  const nlohmann::json all = get("/v1/events?service=web")["events"];
  for (const auto& event : all) EXPECT_EQ(event["pool"], "web") << event;
  const std::uint64_t id = all[0]["id"];
  EXPECT_EQ(get("/v1/events?service=web&after=" + std::to_string(id))["events"].size(), all.size() - 1);
  EXPECT_TRUE(get("/v1/events?since_ms=99999999999999")["events"].empty());
  EXPECT_EQ(ask(api_, "GET", "/v1/events?service=nobody").status, 404);
}

// One reads nothing, another everything; the daemon goes on, and the one who reads hears of the one who does not.
TEST_F(EventsTest, ASlowReaderIsCutOffByName) {
  write_config(config_with({backend("a", 1)}));
  start();
  const std::string request = "GET /v1/events?follow=1&limit=0 HTTP/1.1\r\nHost: x\r\n\r\n";
  const UniqueFd slow = connect_to(api_);
  const int small = 1;
  ::setsockopt(slow.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  send_all(slow, request);
  nlohmann::json edits = nlohmann::json::array();
  for (int i = 0; i < 1000; ++i)
    edits.push_back({{"op", "backend.weight"}, {"pool", "web"}, {"name", "a"}, {"weight", i % 100}});
  const std::string body = nlohmann::json{{"edits", edits}}.dump();
  bool is_cut_off = false;
  for (int i = 0; i < 40 && !is_cut_off; ++i) {
    ASSERT_EQ(ask(api_, "POST", "/v1/edits", body).status, 200);
    is_cut_off = says("reader", "did not read its events and was cut off");
  }
  EXPECT_TRUE(is_cut_off);
  EXPECT_TRUE(says("reader", "process " + std::to_string(::getpid())));
}

TEST_F(EventsTest, AreFollowed) {
  write_config(config_with({backend("a", 1)}));
  start();
  const UniqueFd fd = connect_to(api_);
  send_all(fd, "GET /v1/events?follow=1&service=web&limit=0 HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_EQ(set_state("a", "draining").status, 200);
  std::string text;
  char buffer[4096];
  while (text.find("backend.state web/a draining, by ") == std::string::npos) {
    const ssize_t count = ::recv(fd.get(), buffer, sizeof buffer, 0);
    ASSERT_GT(count, 0) << text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  EXPECT_EQ(text.find("\"kind\":\"snapshot\""), std::string::npos) << "that is not about the service";
}

}  // namespace
}  // namespace guideway
