// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/access.hh"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/controlplane/api/http_fixture.hh"
#include "tests/unit/controlplane/api/other_user.hh"

namespace guideway {
namespace {

AccessRules rules(const std::string& read_group, const std::string& admin_group) {
  auto rules = AccessRules::of_groups(read_group, admin_group);
  EXPECT_TRUE(rules) << rules.error().message;
  return rules.value_or(AccessRules{});
}

const Caller stranger{4000, 1, {4000}};

TEST(AccessRules, WithoutGroupsTheSocketDecides) {
  EXPECT_FALSE(rules("", "").judges());
  EXPECT_EQ(rules("", "").of(stranger), Access::administer);
}

TEST(AccessRules, GroupsDecide) {
  const AccessRules both = rules("3001", "3002");
  EXPECT_TRUE(both.judges());
  EXPECT_EQ(both.of(stranger), Access::none);
  EXPECT_EQ(both.of({4000, 1, {4000, 3001}}), Access::read);
  EXPECT_EQ(both.of({4000, 1, {3001, 3002}}), Access::administer);
  EXPECT_EQ(both.of({0, 1, {0}}), Access::administer);
  EXPECT_EQ(both.of({::geteuid(), 1, {}}), Access::administer);
}

TEST(AccessRules, OneGroupAloneLeavesTheOtherRightToRoot) {
  EXPECT_EQ(rules("3001", "").of({4000, 1, {3001}}), Access::read);
  EXPECT_EQ(rules("", "3002").of({4000, 1, {3001}}), Access::none);
}

TEST(AccessRules, NamesAreLookedUp) {
  EXPECT_EQ(rules("daemon", "").of({4000, 1, {1}}), Access::read) << "Debian's group 1";
  auto unknown = AccessRules::of_groups("", "no-such-group");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("api_admin_group"), std::string::npos);
  EXPECT_NE(unknown.error().message.find("no-such-group"), std::string::npos);
}

class AccessTest : public HttpServerTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    std::filesystem::permissions(directory_, std::filesystem::perms(0755));
    start({}, rules("3001", "3002"));
  }
  HttpAnswer as(const std::vector<gid_t>& groups, const std::string& method, const std::string& target,
                const std::string& body = "") {
    return ask_as({4000, 4000, groups}, path_, method, target, body);
  }
  static constexpr const char* edits =
      R"({"edits": [{"op": "backend.weight", "pool": "p", "name": "b", "weight": 3}]})";
};

TEST_F(AccessTest, AStrangerGetsOneSentence) {
  for (const char* target : {"/v1/status", "/metrics", "/v1/config"}) {
    const HttpAnswer answer = as({}, "GET", target);
    EXPECT_EQ(answer.status, 403) << target;
    EXPECT_NE(answer.body.value("error", "").find("user 4000 may not use this API"), std::string::npos) << answer.text;
  }
}

TEST_F(AccessTest, AReaderLooksAndChangesNothing) {
  EXPECT_EQ(as({3001}, "GET", "/v1/status").status, 200);
  EXPECT_EQ(as({3001}, "GET", "/metrics").status, 200);
  const HttpAnswer refused = as({3001}, "POST", "/v1/edits", edits);
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.value("error", "").find("api_admin_group"), std::string::npos) << refused.text;
  EXPECT_EQ(operations_.actor_uid, ~0U) << "nobody changed anything";
  EXPECT_EQ(as({3001}, "GET", "/v1/config").status, 403) << "it holds secrets";
  EXPECT_EQ(as({3001}, "POST", "/v1/config/diff", R"({"path": "/etc/shadow"})").status, 403);
}

TEST_F(AccessTest, AnAdministratorChangesAndIsNamed) {
  EXPECT_EQ(as({3002}, "POST", "/v1/edits", edits).status, 200);
  EXPECT_EQ(operations_.actor_uid, 4000U);
  EXPECT_EQ(as({3002}, "GET", "/v1/config").status, 200);
}

TEST_F(AccessTest, RootAlwaysMay) {
  EXPECT_EQ(ask(path_, "POST", "/v1/edits", edits).status, 200);
  EXPECT_EQ(operations_.actor_uid, 0U);
}

}  // namespace
}  // namespace guideway
