// SPDX-License-Identifier: Apache-2.0
// What all commands share that change something: --if-generation, --dry-run; and the edit commands.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controlplane/cli/invocation.hh"
#include "tests/unit/controlplane/cli/command_walk.hh"
#include "tests/unit/controlplane/cli/edit_of.hh"
#include "tests/unit/controlplane/cli/fake_daemon.hh"
#include "tests/unit/controlplane/cli/running_program.hh"

namespace guideway {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

std::string refusal(const Words& words) {
  const auto parsed = parse_command_line(words);
  EXPECT_FALSE(parsed.invocation.has_value());
  return parsed.otherwise.error;
}

TEST(EditCommands, SayOnlyWhatIsGiven) {
  struct Row {
    Words words;
    const char* edit;
  };
  const Row rows[] = {
      {{"service", "edit", "web", "--idle-timeout", "5m", "--check", "http:/ready,interval=1s", "--port", "8080"},
       R"({"op":"service.edit","name":"web","keys":{"idle_timeout":"5m","port":8080,
           "check":{"http":"/ready","interval":"1s"}}})"},
      {{"service", "edit", "web", "--addresses", "192.0.2.1", "--addresses", "192.0.2.2", "--unset", "deny", "--unset",
        "new-flows-per-second"},
       R"({"op":"service.edit","name":"web","keys":{"addresses":["192.0.2.1","192.0.2.2"],"deny":null,
           "new_flows_per_second":null}})"},
      {{"serv", "ed", "web", "--mss-clamp", "false"},
       R"({"op":"service.edit","name":"web","keys":{"mss_clamp":false}})"},
      {{"pool", "edit", "shared", "--check", "tcp", "--check", "http:/a", "--checks", "any", "--quorum", "2"},
       R"({"op":"pool.edit","name":"shared","keys":{"check":["tcp",{"http":"/a"}],"checks":"any","quorum":2}})"},
      {{"backend", "edit", "web/b", "--weight", "3", "--unset", "mac", "--address", "10.0.0.9"},
       R"({"op":"backend.edit","pool":"web","name":"b","keys":{"weight":3,"mac":null,"address":"10.0.0.9"}})"},
  };
  for (const Row& row : rows) EXPECT_EQ(edit_of(row.words), json::parse(row.edit)) << row.edit;
  EXPECT_NE(refusal({"service", "edit", "web"}).find("nothing to change is given"), std::string::npos);
  EXPECT_NE(refusal({"backend", "edit", "web/b", "--weight", "3", "--unset", "weight"}).find("both given and unset"),
            std::string::npos);
  EXPECT_NE(refusal({"service", "edit", "web", "--mss-clamp", "maybe"}).find("maybe"), std::string::npos);
  EXPECT_NE(refusal({"pool", "edit", "shared", "--idle-timeout", "5m"}).find("--idle-timeout"), std::string::npos)
      << "a service's key";
}

TEST(EditCommands, SeveralChecksAreAList) {
  EXPECT_EQ(edit_of({"service", "add", "web", "--address", "192.0.2.1", "--port", "80", "--check", "http:/healthz",
                     "--check", "tcp,port=8443,fall=5", "--checks", "any", "--backend", "10.0.0.1"})["service"],
            json::parse(R"({"name":"web","addresses":["192.0.2.1"],"port":80,"backends":[{"address":"10.0.0.1"}],
                            "check":[{"http":"/healthz"},{"type":"tcp","port":8443,"fall":5}],"checks":"any"})"));
  EXPECT_EQ(edit_of({"backend", "add", "web", "10.0.0.2", "--check", "tcp", "--check", "icmp"})["backend"]["check"],
            json::parse(R"(["tcp","icmp"])"));
}

TEST(Changes, CarryTheGenerationTheyAreBasedOn) {
  const std::string lines = " <<END\nbackend weight web a 3\nEND";
  for (const std::string& words :
       {std::string("backend weight web a 3"), std::string("service edit web --udp hash"),
        std::string("service remove web"), std::string("host maint 10.0.0.1"), std::string("config rollback 3"),
        std::string("config apply -"), std::string("batch -")}) {
    FakeDaemon daemon(200, R"({"generation": 7, "changes": [], "change": 4})");
    const Outcome outcome = guideway(fmt::format("--api {} {} --if-generation 41{}", daemon.path(), words, lines));
    EXPECT_EQ(outcome.status, 0) << words << outcome.error;
    const auto requests = daemon.requests();
    ASSERT_EQ(requests.size(), 1U) << words;
    EXPECT_EQ(json::parse(requests[0].body)["if_generation"], 41) << words;
  }
}

TEST(Changes, EveryCommandThatChangesSomethingCanBeTried) {
  std::set<std::string> changing;
  for (const std::string& option : command_walk().options) {
    const std::size_t space = option.rfind(' ');
    if (option.substr(space + 1) == "--if-generation") changing.insert(option.substr(0, space));
  }
  EXPECT_EQ(changing,
            (std::set<std::string>{" backend add",    " backend disable", " backend drain",   " backend edit",
                                   " backend enable", " backend maint",   " backend remove",  " backend weight",
                                   " batch",          " config apply",    " config rollback", " host drain",
                                   " host enable",    " host maint",      " pool edit",       " service add",
                                   " service drain",  " service edit",    " service enable",  " service maint",
                                   " service remove"}));
  for (const std::string& command : changing) EXPECT_EQ(command_walk().options.count(command + " --dry-run"), 1U);
  FakeDaemon daemon(200, R"({"changes": [{"kind": "changed", "text": "pool web: backend a weight 1 -> 3"}]})");
  const Outcome outcome = guideway("--api " + daemon.path() + " backend weight web a 3 --dry-run");
  EXPECT_EQ(outcome.output, "~ pool web: backend a weight 1 -> 3\n") << outcome.error;
  EXPECT_EQ(json::parse(daemon.requests().at(0).body)["dry_run"], true);
}

TEST(Changes, ABatchIsBasedOnOneGeneration) {
  const Outcome outcome = guideway("--api /nowhere batch - <<END\nbackend weight web a 3 --if-generation 5\nEND");
  EXPECT_EQ(outcome.status, exit_usage);
  EXPECT_NE(outcome.error.find("give them to batch"), std::string::npos) << outcome.error;
}

TEST(Changes, AnEditShowsWhatItChanged) {
  FakeDaemon daemon(200, R"({"generation": 7, "changes": [{"kind": "changed", "text": "service web: udp a -> b"}],
                             "warnings": ["mind the gap"]})");
  const Outcome outcome = guideway("--api " + daemon.path() + " service edit web --udp hash");
  EXPECT_EQ(outcome.output, "service web is edited\n~ service web: udp a -> b\nwarning: mind the gap\n");
}

}  // namespace
}  // namespace guideway
