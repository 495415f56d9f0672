// SPDX-License-Identifier: Apache-2.0
// Who may do what with the real guidewayd, and what its audit log says of it afterwards.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/controlplane/api/daemon_process.hh"
#include "tests/unit/controlplane/api/other_user.hh"

namespace guideway {
namespace {

class DaemonAccessTest : public DaemonTest {
 protected:
  [[nodiscard]] std::vector<nlohmann::json> audit() const {
    std::ifstream stream(directory_ + "/state/audit.log");
    std::vector<nlohmann::json> result;
    for (std::string line; std::getline(stream, line);) result.push_back(nlohmann::json::parse(line, nullptr, false));
    return result;
  }
  static std::string weight_edit(const std::string& name) {
    return R"({"edits": [{"op": "backend.weight", "pool": "web", "name": ")" + name + R"(", "weight": 3}]})";
  }
};

TEST_F(DaemonAccessTest, EveryChangeIsInTheAuditLogWithItsOutcome) {
  write_config(config_with({"{ name = \"a\", address = \"127.0.0.1\", port = 1 }"}));
  start();
  ASSERT_EQ(ask(api_, "POST", "/v1/edits", weight_edit("a")).status, 200);
  kill(SIGKILL);
  const auto all = audit();
  ASSERT_EQ(all.size(), 2U) << "what was acknowledged is there after kill -9";
  EXPECT_EQ(all[0]["uid"], ::geteuid());
  EXPECT_EQ(all[0]["pid"], ::getpid());
  EXPECT_EQ(all[0]["asked"], nlohmann::json::array({"backend.weight web/a 3"}));
  EXPECT_EQ(all[1]["change"], all[0]["change"]);
  EXPECT_EQ(all[1]["status"], 200);
  EXPECT_TRUE(all[1].contains("generation"));
  start();
  ASSERT_EQ(ask(api_, "POST", "/v1/edits", weight_edit("nobody")).status, 422);
  ASSERT_EQ(ask(api_, "POST", "/v1/config/apply", nlohmann::json{{"path", config_}}.dump()).status, 200);
  ::kill(child_, SIGHUP);
  ASSERT_TRUE(eventually([&] { return audit().size() == 8; })) << audit().size();
  EXPECT_EQ(audit()[3]["status"], 422);
  EXPECT_TRUE(audit()[3].contains("error"));
  EXPECT_EQ(audit()[4]["asked"], nlohmann::json::array({"config.apply " + config_}));
  EXPECT_EQ(audit()[6]["pid"], 0) << "SIGHUP";
}

TEST_F(DaemonAccessTest, WhatCannotBeWrittenDownIsNotDone) {
  write_config(config_with({"{ name = \"a\", address = \"127.0.0.1\", port = 1 }"}));
  std::filesystem::create_directories(directory_ + "/state");
  std::filesystem::create_symlink("/dev/full", directory_ + "/state/audit.log");
  start();
  const HttpAnswer answer = ask(api_, "POST", "/v1/edits", weight_edit("a"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_NE(answer.body.value("error", "").find("nothing was changed"), std::string::npos) << answer.text;
  EXPECT_EQ(backend_of("a")["weight"], 1);
}

TEST_F(DaemonAccessTest, GroupsOfTheConfiguration) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  std::filesystem::permissions(directory_, std::filesystem::perms(0755));
  write_config("api_read_group = \"3001\"\napi_admin_group = \"3002\"\n" +
               config_with({"{ name = \"a\", address = \"127.0.0.1\", port = 1 }"}));
  start();
  EXPECT_EQ(ask_as({4000, 4000, {}}, api_, "GET", "/v1/status").status, 403);
  EXPECT_EQ(ask_as({4000, 4000, {3001}}, api_, "GET", "/v1/status").status, 200);
  EXPECT_EQ(ask_as({4000, 4000, {3001}}, api_, "POST", "/v1/edits", weight_edit("a")).status, 403);
  EXPECT_TRUE(audit().empty()) << "a refused request is no change";
  EXPECT_EQ(ask_as({4000, 4000, {3002}}, api_, "POST", "/v1/edits", weight_edit("a")).status, 200);
  EXPECT_EQ(audit().at(0)["uid"], 4000);
}

TEST_F(DaemonAccessTest, AGroupThatIsNotThereIsASentence) {
  write_config("api_admin_group = \"no-such-group\"\n" +
               config_with({"{ name = \"a\", address = \"127.0.0.1\", port = 1 }"}));
  int status = 0;
  ::waitpid(spawn(), &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_NE(log().find("api_admin_group: this machine has no group \"no-such-group\""), std::string::npos) << log();
}

}  // namespace
}  // namespace guideway
