// SPDX-License-Identifier: Apache-2.0
// guidewayd as a process: changes that are tried, archived, rolled back, refused by a full disk.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <algorithm>

#include "tests/unit/controlplane/api/daemon_process.hh"

namespace guideway {
namespace {

using nlohmann::json;

class TransactionsTest : public DaemonTest {
 protected:
  void SetUp() override { listen_as(1); }
  [[nodiscard]] HttpAnswer post(const std::string& target, const json& body) const {
    return ask(api_, "POST", target, body.dump());
  }
  [[nodiscard]] json history() const { return get("/v1/config/history")["history"]; }
  static json weight(const std::string& name, int weight) {
    return {{"op", "backend.weight"}, {"pool", "web"}, {"name", name}, {"weight", weight}};
  }
};

TEST_F(TransactionsTest, EditsAreOneTransaction) {
  write_config(config_with({backend("a", 1), backend("b", 2)}));
  start();
  const json before = get("/v1/config");
  const HttpAnswer refused = post("/v1/edits", {{"edits", {weight("a", 7), weight("nobody", 1)}}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.body["error"].get<std::string>().find("edit 2 of 2"), std::string::npos) << refused.text;
  EXPECT_EQ(get("/v1/config"), before);
  EXPECT_EQ(post("/v1/edits", {{"edits", {weight("a", 7), weight("b", 8)}}}).status, 200);
  EXPECT_EQ(backend_of("a")["weight"], 7);
  EXPECT_EQ(backend_of("b")["weight"], 8);
  EXPECT_EQ(history().back()["what"], "backend.weight web/a 7; backend.weight web/b 8");
}

TEST_F(TransactionsTest, ADryRunChangesNothing) {
  write_config(config_with({backend("a", 1)}));
  start();
  const json before = get("/v1/config");
  const std::size_t changes = history().size();
  const HttpAnswer tried = post("/v1/edits", {{"edits", {weight("a", 7)}}, {"dry_run", true}});
  EXPECT_EQ(tried.status, 200);
  EXPECT_EQ(tried.body["changes"][0]["text"], "pool web: backend a weight 1 -> 7") << tried.text;
  EXPECT_EQ(tried.body["dry_run"], true);
  write_config(config_with({backend("a", 1), backend("b", 2)}));
  const HttpAnswer file = post("/v1/config/apply", {{"path", config_}, {"dry_run", true}});
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.body["changes"][0]["kind"], "added") << file.text;
  EXPECT_EQ(post("/v1/edits", {{"edits", {weight("nobody", 7)}}, {"dry_run", true}}).status, 422);
  EXPECT_EQ(get("/v1/config"), before);
  EXPECT_EQ(history().size(), changes);
}

// The history is written while the tables are built: what has no room is taken back, and nobody ever hears of it.
TEST_F(TransactionsTest, WhatHasNoRoomIsNotInTheHistory) {
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath({64, 2, 1024});
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(eventually([&] { return get("/v1/status")["datapath"]["connected"] == true; }));
  const auto add = [&](const std::string& name, const std::string& address) {
    const json keys{{"name", name}, {"address", address}, {"check", "none"}};
    return json{{"op", "backend.add"}, {"pool", "web"}, {"backend", keys}};
  };
  ASSERT_EQ(post("/v1/edits", {{"edits", {weight("a", 2)}}}).status, 200);
  const json before = history();
  for (int round = 0; round < 3; ++round) {
    const HttpAnswer refused = post("/v1/edits", {{"edits", {add("b", "127.0.0.8"), add("c", "127.0.0.9")}}});
    EXPECT_EQ(refused.status, 422);
    EXPECT_NE(refused.body["error"].get<std::string>().find("--backends-max"), std::string::npos) << refused.text;
    EXPECT_EQ(history(), before);
  }
  const HttpAnswer made = post("/v1/edits", {{"edits", {weight("a", 3)}}});
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_GT(made.body["change"].get<std::uint64_t>(), before.back()["id"].get<std::uint64_t>());
  kill(SIGKILL);
  start();
  ASSERT_EQ(history().size(), before.size() + 1);
  ASSERT_EQ(post("/v1/config/rollback", {{"id", before.back()["id"]}}).status, 200);
  EXPECT_EQ(backend_of("a")["weight"], 2);
}

TEST_F(TransactionsTest, HistoryKnowsWhoAndOutlivesAKill) {
  write_config(config_with({backend("a", 1)}));
  start();
  ASSERT_EQ(history().size(), 1U);
  EXPECT_EQ(history()[0]["what"], "guidewayd started with " + config_);
  EXPECT_EQ(history()[0]["who"]["name"], "guidewayd");
  ASSERT_EQ(set_state("a", "draining").status, 200);
  kill(SIGKILL);
  start();
  ASSERT_EQ(history().size(), 2U) << "the same file again is no change";
  EXPECT_EQ(history()[1]["what"], "backend.state web/a draining");
  EXPECT_EQ(history()[1]["who"]["uid"], ::getuid());
  EXPECT_EQ(history()[1]["changes"], 1);
  EXPECT_EQ(get("/v1/config/history")["running"], history()[1]["id"]);
}

TEST_F(TransactionsTest, RollbackBringsBackWhatRan) {
  write_config(config_with({backend("a", 1), backend("b", 2)}));
  start();
  const json first = get("/v1/config");
  const std::uint64_t id = history()[0]["id"];
  ASSERT_EQ(set_state("a", "draining").status, 200);
  ASSERT_EQ(edit({{"op", "backend.remove"}, {"pool", "web"}, {"name", "b"}}).status, 200);
  const json last = get("/v1/config");
  EXPECT_EQ(post("/v1/config/rollback", {{"id", id}, {"dry_run", true}}).body["changes"].size(), 2U);
  EXPECT_EQ(get("/v1/config"), last);
  ASSERT_EQ(post("/v1/config/rollback", {{"id", id}}).status, 200);
  EXPECT_EQ(get("/v1/config"), first);
  // It is a change like any other: durable, in the history, and it can be rolled back itself.
  kill(SIGKILL);
  start();
  EXPECT_EQ(get("/v1/config"), first);
  EXPECT_EQ(history().back()["what"], "rollback to " + std::to_string(id));
  ASSERT_EQ(post("/v1/config/rollback", {{"id", id + 2}}).status, 200);
  EXPECT_EQ(get("/v1/config"), last);
  const HttpAnswer unknown = post("/v1/config/rollback", {{"id", 999}});
  EXPECT_EQ(unknown.status, 422);
  EXPECT_NE(unknown.text.find("there is no change 999"), std::string::npos) << unknown.text;
}

TEST_F(TransactionsTest, ATextIsAppliedLikeAFile) {
  write_config(config_with({backend("a", 1)}));
  start();
  const HttpAnswer wrong = post("/v1/config/apply", {{"text", "hash_key = 7\n"}, {"name", "standard input"}});
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(wrong.body["errors"][0]["file"], "standard input") << wrong.text;
  EXPECT_EQ(wrong.body["errors"][0]["line"], 1) << wrong.text;
  ASSERT_EQ(post("/v1/config/apply", {{"text", config_with({backend("a", 1), backend("b", 2)})}}).status, 200);
  EXPECT_EQ(backend_of("b")["name"], "b");
}

// guidewayd inherits a limit of its files' size, which stands for a disk that fills up: write() takes a part, and then
// nothing more.
TEST_F(TransactionsTest, AFullDiskRefusesAndLosesNothing) {
  write_config(config_with({backend("a", 1)}));
  start();
  ASSERT_EQ(edit(weight("a", 7)).status, 200);
  const json acknowledged = get("/v1/config");
  const std::size_t changes = history().size();
  const auto intent_size = std::filesystem::file_size(directory_ + "/state/intent.json");
  const rlimit tight{intent_size / 2, RLIM_INFINITY};
  ASSERT_EQ(::prlimit(child_, RLIMIT_FSIZE, &tight, nullptr), 0);
  const HttpAnswer refused = edit(weight("a", 9));
  EXPECT_EQ(refused.status, 500);
  EXPECT_NE(refused.text.find("cannot be written to"), std::string::npos) << refused.text;
  EXPECT_NE(refused.text.find("nothing was changed"), std::string::npos) << refused.text;
  EXPECT_EQ(get("/v1/config"), acknowledged);
  EXPECT_EQ(history().size(), changes);
  for (const auto& each : std::filesystem::recursive_directory_iterator(directory_ + "/state"))
    EXPECT_NE(each.path().extension(), ".new") << each.path() << " keeps room that nobody uses";
  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(::prlimit(child_, RLIMIT_FSIZE, &none, nullptr), 0);
  EXPECT_EQ(edit(weight("a", 9)).status, 200) << "as soon as there is room";
  kill(SIGKILL);
  start();
  EXPECT_EQ(backend_of("a")["weight"], 9);
}

TEST_F(TransactionsTest, ARestartOnAFullDiskGoesOnWithWhatWasAcknowledged) {
  write_config(config_with({backend("a", 1)}));
  start();
  ASSERT_EQ(edit(weight("a", 7)).status, 200);
  kill(SIGKILL);
  rlimit usual{};
  ::getrlimit(RLIMIT_FSIZE, &usual);
  const rlimit tight{100, usual.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &tight);
  child_ = spawn();
  ::setrlimit(RLIMIT_FSIZE, &usual);
  ASSERT_TRUE(eventually([&] { return ask(api_, "GET", "/v1/status").status == 200; }));
  EXPECT_EQ(backend_of("a")["weight"], 7);
  EXPECT_NE(get("/v1/status")["warnings"].dump().find("cannot be written"), std::string::npos);
  EXPECT_EQ(edit(weight("a", 9)).status, 500);
  EXPECT_EQ(backend_of("a")["weight"], 7);
}

}  // namespace
}  // namespace guideway
