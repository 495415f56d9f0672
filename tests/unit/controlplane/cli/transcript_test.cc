// SPDX-License-Identifier: Apache-2.0
// The program against a server in this test: batches, the past, what goes on, and what is chosen of an answer.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/controlplane/cli/fake_daemon.hh"
#include "tests/unit/controlplane/cli/running_program.hh"

namespace guideway {
namespace {

TEST(Program, ABatchIsOneRequest) {
  FakeDaemon daemon(200, R"({"changes":[{"kind":"changed","text":"x"}], "generation": 7})");
  const Outcome outcome = guideway("batch - --api " + daemon.path() +
                                   " <<'E'\n# for tonight\nbackend drain web b1\n\nback weight 'web/b 2' 5\nE\n");
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_EQ(outcome.output, "~ x\n2 edits are made, as one change\n");
  const auto requests = daemon.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].line, "POST /v1/edits HTTP/1.1");
  EXPECT_EQ(nlohmann::json::parse(requests[0].body, nullptr, false),
            nlohmann::json::parse(R"({"dry_run": false, "edits":[
      {"op":"backend.state","pool":"web","name":"b1","state":"draining"},
      {"op":"backend.weight","pool":"web","name":"b 2","weight":5}]})"));
}

TEST(Program, AWrongLineOfABatchIsNamedAndNothingIsSent) {
  FakeDaemon daemon(200, "{}");
  for (const auto& [line, part] : {std::pair("backend drain", "standard input:2: "), std::pair("status", "edits only"),
                                   std::pair("backend drain 'web", "a ' is not closed")}) {
    const Outcome outcome =
        guideway("batch - --api " + daemon.path() + " <<'E'\nbackend drain web b1\n" + line + "\nE\n");
    EXPECT_EQ(outcome.status, 2) << line;
    EXPECT_NE(outcome.error.find(part), std::string::npos) << outcome.error;
    EXPECT_EQ(lines_in(outcome.error), 1U) << outcome.error;
  }
  EXPECT_TRUE(daemon.requests().empty());
}

TEST(Program, ExportsWhatCanBeApplied) {
  const FakeDaemon daemon(200,
                          R"({"hash_key":"00112233445566778899aabbccddeeff","service":[{"name":"web","port":80}]})");
  EXPECT_EQ(guideway("config export --api " + daemon.path()).output,
            "hash_key = \"00112233445566778899aabbccddeeff\"\n\n[[service]]\nname = \"web\"\nport = 80\n");
  EXPECT_EQ(guideway("config export /nonexistent/x --api " + daemon.path()).status, 1);
}

TEST(Program, ShowsEventsAndHistory) {
  const FakeDaemon events(200,
                          R"({"events":[{"id":1,"time_ms":1764309600123,"kind":"backend","text":"web/a is up"}]})");
  EXPECT_EQ(guideway("events --api " + events.path()).output, "2025-11-28T06:00:00.123Z backend   web/a is up\n");
  const FakeDaemon history(200, R"({"running":2,"history":[
      {"id":1,"time_ms":1764309600000,"who":{"name":"guidewayd"},"changes":0,"what":"guidewayd started with /c"},
      {"id":2,"time_ms":1764309601000,"who":{"uid":7,"name":"","process_id":9},"changes":1,"what":"x"}]})");
  EXPECT_EQ(guideway("config history --api " + history.path()).output,
            "ID  TIME                      WHO        CHANGES  WHAT\n"
            " 1  2025-11-28T06:00:00.000Z  guidewayd        0  guidewayd started with /c\n"
            " 2  2025-11-28T06:00:01.000Z  uid 7            1  x (runs)\n");
}

TEST(Program, EventsAreAskedForByTime) {
  FakeDaemon daemon(200, R"({"events":[]})");
  EXPECT_EQ(guideway("events --since 2025-11-28T06:00 --service 'a b' --lines 3 --api " + daemon.path()).status, 0);
  EXPECT_EQ(guideway("events --since yesterday --api " + daemon.path()).status, 2);
  const auto requests = daemon.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].line, "GET /v1/events?follow=0&since_ms=1764309600000&service=a%20b&limit=3 HTTP/1.1");
}

TEST(Program, ColumnsMayBeChosen) {
  const FakeDaemon daemon(200, R"({"backends":[{"name":"a","state":"up"}]})");
  EXPECT_EQ(guideway("backend list --columns state,name --api " + daemon.path()).output, "STATE  NAME\nup     a\n");
  const Outcome wrong = guideway("--columns colour backend list --api " + daemon.path());
  EXPECT_EQ(wrong.status, 2);
  EXPECT_EQ(wrong.error, "guideway: there is no column \"colour\"; there are name, state\n");
}

TEST(Program, WarningsSayWhenThereAreNone) {
  const FakeDaemon well(200, R"({"warnings":[]})");
  EXPECT_EQ(guideway("warnings --api " + well.path()).output, "Nothing is wrong.\n");
  const FakeDaemon ill(200, R"({"warnings":["no datapath"], "version": "1"})");
  EXPECT_EQ(guideway("warnings --api " + ill.path()).output, "warning: no datapath\n");
  EXPECT_EQ(guideway("warnings --json --api " + ill.path()).output.find("version"), std::string::npos);
}

}  // namespace
}  // namespace guideway
