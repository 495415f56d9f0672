// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/router.hh"

#include <gtest/gtest.h>

#include "tests/unit/controlplane/api/fake_operations.hh"

namespace guideway {
namespace {

Reply reply_to(const std::string& method, const std::string& target, const std::string& body = "") {
  FakeOperations operations;
  Router router(operations);
  Reply reply{0, {}};
  router.handle({method, target, body, {}, Access::administer}, [&](Reply got) { reply = std::move(got); });
  return reply;
}

std::string asked(const std::string& method, const std::string& target, const std::string& body = "") {
  const Reply reply = reply_to(method, target, body);
  return reply.status == 200 ? reply.body.value("asked", "") : reply.body.value("error", "no sentence");
}

int refused(const std::string& method, const std::string& target, const std::string& body = "") {
  const Reply reply = reply_to(method, target, body);
  EXPECT_TRUE(reply.body.contains("error") && !reply.body["error"].get<std::string>().empty()) << target;
  return reply.status;
}

TEST(Router, EachPathReachesItsOperation) {
  EXPECT_EQ(asked("GET", "/v1/status"), "status");
  EXPECT_EQ(asked("GET", "/v1/services"), "services");
  EXPECT_EQ(asked("GET", "/v1/services/web"), "service web");
  EXPECT_EQ(asked("GET", "/v1/services/a%20b"), "service a b");
  EXPECT_EQ(asked("GET", "/v1/backends"), "backends (all)");
  EXPECT_EQ(asked("GET", "/v1/backends?pool=web"), "backends web");
  EXPECT_EQ(asked("GET", "/v1/backends/web/b%201"), "backend web b 1");
  EXPECT_EQ(asked("GET", "/v1/stats"), "stats");
  EXPECT_EQ(asked("GET", "/v1/config"), "config");
  EXPECT_EQ(asked("POST", "/v1/config/diff", R"({"path": "/a.toml"})"), "diff /a.toml");
  EXPECT_EQ(asked("POST", "/v1/config/apply", R"({"path": "/a.toml"})"), "apply /a.toml");
  EXPECT_EQ(
      asked("POST", "/v1/edits", R"({"edits": [{"op": "backend.weight", "pool": "p", "name": "b", "weight": 3}]})"),
      "edits; backend.weight p/b 3");
  EXPECT_EQ(asked("GET", "/v1/explain?protocol=tcp&source=10.0.0.1:1234&destination=192.0.2.1:80"),
            "explain tcp 10.0.0.1:1234 192.0.2.1:80");
  EXPECT_EQ(asked("GET", "/v1/explain?protocol=udp&source=%5Bfd00::1%5D:1&destination=[fd00::2]:53"),
            "explain udp [fd00::1]:1 [fd00::2]:53");
  EXPECT_EQ(asked("POST", "/v1/config/apply", R"({"path": "/a.toml", "dry_run": true})"), "dry-run apply /a.toml");
  EXPECT_EQ(asked("POST", "/v1/config/apply", R"({"text": "x = 1", "name": "n"})"), "apply n: x = 1");
  EXPECT_EQ(asked("GET", "/v1/config/history"), "history");
  EXPECT_EQ(asked("POST", "/v1/config/rollback", R"({"id": 7})"), "rollback 7");
  EXPECT_EQ(refused("POST", "/v1/config/rollback", R"({"id": "7"})"), 400);
  EXPECT_EQ(refused("POST", "/v1/config/rollback", R"({"id": 7, "dry_run": 1})"), 400);
  EXPECT_EQ(asked("GET", "/v1/events"), "events  after 0 since -1 limit 1000");
  EXPECT_EQ(asked("GET", "/v1/events?after=7&since_ms=12&limit=3&service=web"), "events web after 7 since 12 limit 3");
}

TEST(Router, EveryChangeMayNameTheGenerationItIsBasedOn) {
  EXPECT_EQ(asked("POST", "/v1/config/rollback", R"({"id": 7, "if_generation": 41})"), "if 41 rollback 7");
  EXPECT_EQ(asked("POST", "/v1/config/apply", R"({"path": "/a.toml", "if_generation": 0, "dry_run": true})"),
            "if 0 dry-run apply /a.toml");
  const std::string edits = R"("edits": [{"op": "backend.weight", "pool": "p", "name": "b", "weight": 3}])";
  EXPECT_EQ(asked("POST", "/v1/edits", "{" + edits + R"(, "if_generation": 41})"), "if 41 edits; backend.weight p/b 3");
  for (const char* value : {"\"41\"", "-1", "4.5", "null", "true"})
    EXPECT_EQ(refused("POST", "/v1/edits", "{" + edits + ", \"if_generation\": " + value + "}"), 400) << value;
}

TEST(Router, FlowsTakeFilters) {
  EXPECT_EQ(asked("GET", "/v1/flows"), "flows of  to  from all limit 0");
  EXPECT_EQ(asked("GET", "/v1/flows?service=web&backend=web/a&client=10.0.0.1&limit=3"),
            "flows of web to web/a from 10.0.0.1 limit 3");
  EXPECT_EQ(asked("GET", "/v1/flows?client=[fd00::1]:7"), "flows of  to  from [fd00::1]:7 limit 0");
  EXPECT_EQ(refused("GET", "/v1/flows?client=somebody"), 400);
  EXPECT_EQ(refused("GET", "/v1/flows?limit=many"), 400);
  EXPECT_EQ(refused("POST", "/v1/flows"), 405);
}

TEST(Router, CapturesTakeStages) {
  EXPECT_EQ(asked("GET", "/v1/capture?stage=rx,drop&service=web"), "capture of web rx drop");
  EXPECT_EQ(asked("GET", "/v1/capture?stage=tx"), "capture of  tx");
  EXPECT_EQ(refused("GET", "/v1/capture"), 400);
  EXPECT_EQ(refused("GET", "/v1/capture?stage=rx,middle"), 400);
}

TEST(Router, EventsTakeNumbers) {
  for (const char* query : {"after=x", "limit=-1", "since_ms=", "limit=1e3"})
    EXPECT_EQ(refused("GET", std::string("/v1/events?") + query), 400) << query;
}

TEST(Router, UnknownPathsAre404) {
  for (const char* target : {"/", "/v1", "/v2/status", "/v1/nothing", "/v1/services/a/b", "/v1/backends/a",
                             "/v1/backends/a/b/c", "/v1/config/nothing", "/status", "/v1/status/more"}) {
    EXPECT_EQ(refused("GET", target), 404) << target;
  }
}

TEST(Router, WrongMethodsAre405) {
  EXPECT_EQ(refused("POST", "/v1/status"), 405);
  EXPECT_EQ(refused("DELETE", "/v1/services/web"), 405);
  EXPECT_EQ(refused("GET", "/v1/edits"), 405);
  EXPECT_EQ(refused("GET", "/v1/config/apply"), 405);
}

TEST(Router, WhatIsNotUnderstoodIs400) {
  EXPECT_EQ(refused("GET", "/v1/%zz"), 400);
  EXPECT_EQ(refused("POST", "/v1/edits", ""), 400);
  EXPECT_EQ(refused("POST", "/v1/edits", "{"), 400);
  EXPECT_EQ(refused("POST", "/v1/edits", "[]"), 400);
  EXPECT_EQ(refused("POST", "/v1/edits", R"({"edits": []})"), 400);
  EXPECT_EQ(refused("POST", "/v1/edits", R"({"edits": [{"op": "backend.paint"}]})"), 400);
  EXPECT_EQ(refused("POST", "/v1/config/apply", R"({})"), 400);
  EXPECT_EQ(refused("POST", "/v1/config/apply", R"({"path": "relative.toml"})"), 400);
  EXPECT_EQ(refused("POST", "/v1/config/diff", R"({"path": 7})"), 400);
}

TEST(Router, ExplainChecksItsParameters) {
  const std::string explain = "/v1/explain?";
  EXPECT_EQ(refused("GET", explain), 400);
  EXPECT_EQ(refused("GET", explain + "protocol=sctp&source=10.0.0.1:1&destination=10.0.0.2:2"), 400);
  EXPECT_EQ(refused("GET", explain + "protocol=tcp&source=10.0.0.1&destination=10.0.0.2:2"), 400);
  EXPECT_EQ(refused("GET", explain + "protocol=tcp&source=10.0.0.1:1&destination=somewhere:2"), 400);
  EXPECT_EQ(refused("GET", explain + "protocol=tcp&source=10.0.0.1:1&destination=[fd00::1]:2"), 400);
}

}  // namespace
}  // namespace guideway
