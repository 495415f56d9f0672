// SPDX-License-Identifier: Apache-2.0
// The program as it is installed, against a server in this test: what it asks, what it prints, how it ends.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/controlplane/cli/command_walk.hh"
#include "tests/unit/controlplane/cli/fake_daemon.hh"
#include "tests/unit/controlplane/cli/running_program.hh"

namespace guideway {
namespace {

TEST(Program, EveryCommandAnswersHelpWithAnExample) {
  std::set<std::string> commands = command_walk().commands;
  ASSERT_EQ(commands.count(" backend drain"), 1U);
  commands.insert("");
  for (const std::string& command : commands) {
    const Outcome outcome = guideway(command + " --help");
    EXPECT_EQ(outcome.status, 0) << command << outcome.error;
    EXPECT_NE(outcome.output.find("Usage: "), std::string::npos) << command;
    EXPECT_NE(outcome.output.find("Examples:\n  guideway"), std::string::npos) << command << "\n" << outcome.output;
    EXPECT_TRUE(outcome.error.empty()) << outcome.error;
  }
}

TEST(Program, AsksTheRightThing) {
  struct Row {
    const char* arguments;
    const char* request;
  };
  for (const Row& row :
       {Row{"status", "GET /v1/status HTTP/1.1"}, Row{"service list", "GET /v1/services HTTP/1.1"},
        Row{"service show 'a b/c'", "GET /v1/services/a%20b%2Fc HTTP/1.1"},
        Row{"backend list", "GET /v1/backends HTTP/1.1"}, Row{"backend list web", "GET /v1/backends?pool=web HTTP/1.1"},
        Row{"config show", "GET /v1/config HTTP/1.1"}, Row{"stats", "GET /v1/stats HTTP/1.1"},
        Row{"explain tcp '[2001:db8::7]:4000' '[2001:db8::1]:80'",
            "GET /v1/explain?protocol=tcp&source=%5B2001%3Adb8%3A%3A7%5D%3A4000&destination="
            "%5B2001%3Adb8%3A%3A1%5D%3A80 HTTP/1.1"}}) {
    FakeDaemon daemon(200, R"({"answer": 42})");
    const Outcome outcome = guideway("--api " + daemon.path() + " " + row.arguments + " --json");
    EXPECT_EQ(outcome.status, 0) << row.arguments << outcome.error;
    EXPECT_EQ(nlohmann::json::parse(outcome.output, nullptr, false), (nlohmann::json{{"answer", 42}})) << row.arguments;
    const auto requests = daemon.requests();
    ASSERT_EQ(requests.size(), 1U) << row.arguments;
    EXPECT_EQ(requests[0].line, row.request);
  }
}

TEST(Program, SendsEdits) {
  FakeDaemon daemon(200, R"({"generation": 7})");
  const Outcome outcome = guideway("--api " + daemon.path() + " backend drain web b2");
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_EQ(outcome.output, "backend b2 of pool web gets no new flows\n");
  const auto requests = daemon.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].line, "POST /v1/edits HTTP/1.1");
  EXPECT_EQ(nlohmann::json::parse(requests[0].body, nullptr, false),
            nlohmann::json::parse(R"({"edits":[{"op":"backend.state","pool":"web","name":"b2","state":"draining"}]})"));
}

TEST(Program, SaysWhenAnEditWaitsForTheDatapath) {
  const FakeDaemon daemon(200, R"({"generation": 7, "datapath": "not connected"})");
  EXPECT_EQ(guideway("--api " + daemon.path() + " service remove web --force").output,
            "service web is removed (durable; datapath: not connected)\n");
}

TEST(Program, FilesAreNamedAbsolutelyToTheDaemon) {
  FakeDaemon daemon(200, R"({"changes":[{"kind":"added","text":"service web"}]})");
  const Outcome outcome = guideway("--api " + daemon.path() + " config apply x/../conf.toml");
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_EQ(outcome.output, "+ service web\n");
  const auto requests = daemon.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].line, "POST /v1/config/apply HTTP/1.1");
  EXPECT_EQ(nlohmann::json::parse(requests[0].body, nullptr, false)["path"],
            (std::filesystem::current_path() / "conf.toml").string());
}

TEST(Program, RefusalsAreOneSentenceAndStatusOne) {
  const FakeDaemon daemon(404, R"({"error":"there is no service \"web\""})");
  const Outcome plain = guideway("--api " + daemon.path() + " service show web");
  EXPECT_EQ(plain.status, 1);
  EXPECT_EQ(plain.output, "");
  EXPECT_EQ(plain.error, "guideway: there is no service \"web\"\n");
  const Outcome as_json = guideway("--api " + daemon.path() + " service show web --json");
  EXPECT_EQ(as_json.status, 1);
  EXPECT_EQ(nlohmann::json::parse(as_json.output, nullptr, false)["error"], "there is no service \"web\"");
}

TEST(Program, MistakesOfAFileAreALineEach) {
  const FakeDaemon daemon(422, R"({"error":"2 mistakes","errors":[{"file":"/c","line":3,"key":"door","message":"bad"},
                                   {"file":"/c","line":4,"key":"api","message":"bad"}]})");
  const Outcome outcome = guideway("--api " + daemon.path() + " config apply /c");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.error, "/c:3: door: bad\n/c:4: api: bad\n");
}

TEST(Program, WithoutADaemonTheStatusIsThree) {
  const Outcome nobody = guideway("--api /nonexistent/api.sock status");
  EXPECT_EQ(nobody.status, 3);
  EXPECT_EQ(nobody.error,
            "guideway: guidewayd cannot be reached at /nonexistent/api.sock: No such file or directory; start it, or "
            "name its socket with --api\n");
  EXPECT_EQ(guideway("--api " + std::string(200, 'x') + " status").status, 3);
  const FakeDaemon silent(200, "");
  const Outcome unanswered = guideway("--api " + silent.path() + " status");
  EXPECT_EQ(unanswered.status, 3);
  EXPECT_EQ(lines_in(unanswered.error), 1U) << unanswered.error;
}

TEST(Program, AnAnswerThatIsNotJsonIsAFailure) {
  const FakeDaemon daemon(200, "<html>");
  const Outcome outcome = guideway("--api " + daemon.path() + " status");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(lines_in(outcome.error), 1U) << outcome.error;
}

TEST(Program, TheSocketMayComeFromTheEnvironment) {
  FakeDaemon daemon(200, "{}");
  ::setenv("GUIDEWAY_API", daemon.path().c_str(), 1);
  const Outcome outcome = guideway("status");
  ::unsetenv("GUIDEWAY_API");
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_EQ(daemon.requests().size(), 1U);
}

TEST(Program, UsageErrorsHaveStatusTwo) {
  for (const char* arguments : {"", "bogus", "service show", "backend drain web", "explain tcp 1 2"}) {
    const Outcome outcome = guideway(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_EQ(lines_in(outcome.error), 1U) << outcome.error;
  }
}

TEST(Program, ChecksAndComparesFilesByItself) {
  const std::string configs = std::string(GUIDEWAY_SOURCE_DIR) + "/configs/";
  const Outcome good = guideway("config check " + configs + "examples/web.toml");
  EXPECT_EQ(good.status, 0) << good.error;
  EXPECT_EQ(good.output, configs + "examples/web.toml is valid: 2 services, 2 pools, 10 backends\n");
  const Outcome bad = guideway("config check " + configs + "systemd/guidewayd.service --json");
  EXPECT_EQ(bad.status, 1);
  EXPECT_EQ(nlohmann::json::parse(bad.output, nullptr, false)["valid"], false);
  EXPECT_EQ(bad.error.rfind(configs + "systemd/guidewayd.service:", 0), 0U) << bad.error;
  const Outcome diff = guideway("config diff " + configs + "examples/web.toml --from " + configs + "examples/dns.toml");
  EXPECT_EQ(diff.status, 0) << diff.error;
  EXPECT_NE(diff.output.find("+ service web\n"), std::string::npos) << diff.output;
  EXPECT_EQ(guideway("config diff " + configs + "examples/web.toml --from /nonexistent").status, 1);
}

}  // namespace
}  // namespace guideway
