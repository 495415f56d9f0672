// SPDX-License-Identifier: Apache-2.0
// Command lines to what they ask for, and what a wrong one is told.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "controlplane/cli/edit_forms.hh"
#include "controlplane/cli/invocation.hh"
#include "controlplane/cli/key_options.hh"
#include "controlplane/cli/run.hh"
#include "controlplane/config/keys.hh"
#include "tests/unit/controlplane/cli/edit_of.hh"
#include "tests/unit/controlplane/cli/fake_daemon.hh"

namespace guideway {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

// The request that it makes.
std::string asked_by(Invocation invocation) {
  FakeDaemon daemon(200, "{}");
  invocation.api = daemon.path();
  std::ostringstream output;
  std::ostringstream error;
  EXPECT_EQ(run(invocation, output, error), exit_ok) << error.str();
  const auto requests = daemon.requests();
  return requests.size() == 1 ? requests.front().line : std::to_string(requests.size()) + " requests";
}

TEST(CommandLine, EditsAreWhatTheApiTakes) {
  struct Row {
    Words words;
    const char* edit;
  };
  const Row rows[] = {
      {{"service", "add", "web", "--address", "192.0.2.10", "--address", "2001:db8::10", "--port", "80", "--backend",
        "10.0.0.1", "--backend", "[fd00::1]:8080,weight=5,name=b", "--check", "http:/healthz,interval=1s,rise=3"},
       R"({"op":"service.add","service":{"name":"web","addresses":["192.0.2.10","2001:db8::10"],"port":80,
           "backends":[{"address":"10.0.0.1"},{"address":"fd00::1","port":8080,"weight":5,"name":"b"}],
           "check":{"http":"/healthz","interval":"1s","rise":3}}})"},
      {{"service", "add",           "dns", "--address",      "192.0.2.53",  "--port",      "any",       "--protocol",
        "udp",     "--pool",        "p",   "--scheduler",    "round-robin", "--when-none", "fail-open", "--udp",
        "hash",    "--table-slots", "251", "--idle-timeout", "10s"},
       R"({"op":"service.add","service":{"name":"dns","addresses":["192.0.2.53"],"port":"any","protocol":"udp",
           "pool":"p","scheduler":"round-robin","when_none":"fail-open","udp":"hash","table_slots":251,
           "idle_timeout":"10s"}})"},
      {{"service", "add", "later", "--address", "192.0.2.1", "--port", "80"},
       R"({"op":"service.add","service":{"name":"later","addresses":["192.0.2.1"],"port":80,"backends":[]}})"},
      {{"service", "remove", "web"}, R"({"op":"service.remove","name":"web","force":false})"},
      {{"service", "remove", "web", "--force"}, R"({"op":"service.remove","name":"web","force":true})"},
      {{"backend", "add", "web", "10.0.0.3:81", "--name", "n", "--weight", "2", "--mac", "02:00:00:00:00:01"},
       R"({"op":"backend.add","pool":"web","backend":{"address":"10.0.0.3","port":81,"name":"n","weight":2,
           "mac":"02:00:00:00:00:01"}})"},
      {{"backend", "remove", "web", "a"}, R"({"op":"backend.remove","pool":"web","name":"a","force":false})"},
      {{"backend", "remove", "web/a", "--force"}, R"({"op":"backend.remove","pool":"web","name":"a","force":true})"},
      {{"backend", "drain", "web", "fd00::1"},
       R"({"op":"backend.state","pool":"web","name":"fd00::1","state":"draining"})"},
      {{"backend", "drain", "web/a", "--timeout", "10m"},
       R"({"op":"backend.state","pool":"web","name":"a","state":"draining","timeout_ms":600000,"then":"disabled"})"},
      {{"service", "drain", "web", "--timeout", "1h", "--then", "removed"},
       R"({"op":"service.state","name":"web","state":"draining","timeout_ms":3600000,"then":"removed"})"},
      {{"service", "maint", "web"}, R"({"op":"service.state","name":"web","state":"disabled"})"},
      {{"host", "drain", "10.0.0.1"}, R"({"op":"host.state","address":"10.0.0.1","state":"draining"})"},
      {{"host", "enable", "10.0.0.1"}, R"({"op":"host.state","address":"10.0.0.1","state":"enabled"})"},
      {{"backend", "maint", "web", "a"}, R"({"op":"backend.state","pool":"web","name":"a","state":"disabled"})"},
      {{"backend", "enable", "web/a"}, R"({"op":"backend.state","pool":"web","name":"a","state":"enabled"})"},
      {{"backend", "disable", "web/a"}, R"({"op":"backend.state","pool":"web","name":"a","state":"disabled"})"},
      {{"backend", "weight", "web", "a", "7"}, R"({"op":"backend.weight","pool":"web","name":"a","weight":7})"},
      {{"backend", "weight", "web/a", "0"}, R"({"op":"backend.weight","pool":"web","name":"a","weight":0})"},
  };
  for (const Row& row : rows) EXPECT_EQ(edit_of(row.words), json::parse(row.edit)) << row.edit;
}

TEST(CommandLine, OptionsOfAllCommandsMayStandAnywhere) {
  for (const Words& words : {Words{"--api", "/s", "--json", "backend", "list", "web"},
                             Words{"backend", "list", "web", "--json", "--api", "/s"}}) {
    const auto parsed = parse_command_line(words);
    ASSERT_TRUE(parsed.invocation.has_value()) << parsed.otherwise.error;
    EXPECT_EQ(parsed.invocation->api.where, "/s");
    EXPECT_TRUE(parsed.invocation->json);
    EXPECT_EQ(asked_by(*parsed.invocation), "GET /v1/backends?pool=web HTTP/1.1");
  }
}

TEST(CommandLine, EveryKeyOfAService) {
  const auto parsed = parse_command_line({"service",
                                          "add",
                                          "games",
                                          "--address",
                                          "198.18.0.0/24",
                                          "--port",
                                          "8000-8100",
                                          "--protocol",
                                          "tcp+udp",
                                          "--scheduler",
                                          "source",
                                          "--source-bits-ipv4",
                                          "24",
                                          "--when-none",
                                          "reject",
                                          "--allow",
                                          "10.0.0.0/8",
                                          "--allow",
                                          "::/0",
                                          "--deny",
                                          "10.1.0.0/16",
                                          "--new-flows-per-second",
                                          "100",
                                          "--source-flows-bits-ipv6",
                                          "48",
                                          "--forward",
                                          "gue",
                                          "--gue-port",
                                          "666",
                                          "--mss-clamp",
                                          "--udp-idle-timeout",
                                          "9s",
                                          "--dscp",
                                          "7",
                                          "--backend",
                                          "10.0.0.1,mac=02:00:00:00:00:01,vlan=20,mss_clamp=false"});
  ASSERT_TRUE(parsed.invocation.has_value()) << parsed.otherwise.error;
  EXPECT_EQ(std::get<EditCommand>(parsed.invocation->command).edit.at("service"), json::parse(R"({
      "name": "games", "addresses": ["198.18.0.0/24"], "port": "8000-8100", "protocol": "tcp+udp",
      "scheduler": "source", "source_bits_ipv4": 24, "when_none": "reject", "allow": ["10.0.0.0/8", "::/0"],
      "deny": ["10.1.0.0/16"], "new_flows_per_second": 100, "source_flows_bits_ipv6": 48, "forward": "gue",
      "gue_port": 666, "mss_clamp": true, "udp_idle_timeout": "9s", "dscp": 7,
      "backends": [{"address": "10.0.0.1", "mac": "02:00:00:00:00:01", "vlan": 20, "mss_clamp": false}]})"));
}

// A key that the configuration has and the command line has not would be found out by whoever needs it at night.
TEST(CommandLine, OptionsAreTheKeysOfTheConfiguration) {
  std::set<std::string_view> service{"name", "address", "addresses", "port", "backends"};
  for (const KeyOption& option : service_key_options) service.insert(option.key);
  EXPECT_EQ(service, (std::set<std::string_view>(keys::service.begin(), keys::service.end())));
  std::set<std::string_view> backend{"address"};
  for (const KeyOption& option : backend_key_options) backend.insert(option.key);
  EXPECT_EQ(backend, (std::set<std::string_view>(keys::backend.begin(), keys::backend.end())));
}

TEST(CommandLine, EveryKeyOfABackend) {
  const auto parsed = parse_command_line({"backend", "add", "web", "10.0.0.3", "--forward", "gre", "--gre-key", "0",
                                          "--mss-clamp", "--mac", "02:00:00:00:00:03", "--vlan", "20"});
  ASSERT_TRUE(parsed.invocation.has_value()) << parsed.otherwise.error;
  EXPECT_EQ(std::get<EditCommand>(parsed.invocation->command).edit.at("backend"), (json{{"address", "10.0.0.3"},
                                                                                        {"forward", "gre"},
                                                                                        {"gre_key", 0},
                                                                                        {"mss_clamp", true},
                                                                                        {"mac", "02:00:00:00:00:03"},
                                                                                        {"vlan", 20}}));
}

TEST(CommandLine, ExplainAndReplay) {
  const auto explain = parse_command_line({"explain", "udp", "[2001:db8::7]:4000", "[2001:db8::53]:53"});
  ASSERT_TRUE(explain.invocation.has_value()) << explain.otherwise.error;
  EXPECT_EQ(asked_by(*explain.invocation),
            "GET /v1/explain?protocol=udp&source=%5B2001%3Adb8%3A%3A7%5D%3A4000&destination="
            "%5B2001%3Adb8%3A%3A53%5D%3A53 HTTP/1.1");
  const auto replay =
      parse_command_line({"replay", "--config", "c", "--in", "i", "--out", "o", "--kernel", "k", "--json"});
  ASSERT_TRUE(replay.invocation.has_value()) << replay.otherwise.error;
  const auto& command = std::get<ReplayCommand>(replay.invocation->command);
  EXPECT_EQ(command.config, "c");
  EXPECT_EQ(command.options.kernel, "k");
  EXPECT_TRUE(command.json);
}

TEST(CommandLine, WhatMakesNoSenseIsOneSentence) {
  struct Row {
    Words words;
    const char* part;
  };
  const Row rows[] = {
      {{}, "a command is missing; give one of status, service"},
      {{"bogus"}, "\"bogus\" is not a command"},
      {{"backend"}, "a command is missing; give one of list, show"},
      {{"backend", "bogus"}, "\"bogus\" is not a command; give one of list"},
      {{"status", "extra"}, "extra"},
      {{"status", "--colour"}, "--colour"},
      {{"service", "show"}, "NAME"},
      {{"service", "add", "web", "--port", "80"}, "--address"},
      {{"service", "add", "web", "--address", "192.0.2.1", "--port", "http"}, "\"http\" is not a port"},
      {{"service", "add", "web", "--address", "192.0.2.1", "--port", "80", "--backend", "b1"},
       "\"b1\" is not a backend"},
      {{"service", "add", "web", "--address", "192.0.2.1", "--port", "80", "--check", "ping"},
       "\"ping\" is not a check"},
      {{"backend", "drain", "web"}, "give POOL NAME or POOL/NAME"},
      {{"backend", "weight", "web", "a"}, "\"a\" is not a weight"},
      {{"backend", "weight", "web", "a", "-1"}, "-1"},
      {{"explain", "icmp", "192.0.2.1:1", "192.0.2.2:2"}, "icmp"},
      {{"explain", "tcp", "192.0.2.1", "192.0.2.2:2"}, "\"192.0.2.1\" is not ADDRESS:PORT"},
      {{"replay", "--config", "c"}, "--in"},
  };
  for (const Row& row : rows) {
    const auto parsed = parse_command_line(row.words);
    EXPECT_FALSE(parsed.invocation.has_value()) << row.part;
    EXPECT_EQ(parsed.otherwise.exit_status, exit_usage) << row.part;
    EXPECT_NE(parsed.otherwise.error.find(row.part), std::string::npos) << parsed.otherwise.error;
    EXPECT_EQ(parsed.otherwise.error.find('\n'), std::string::npos) << parsed.otherwise.error;
  }
}

TEST(EditForms, RefuseWhatIsGivenTwice) {
  EXPECT_FALSE(backend_form("10.0.0.1,weight=1,weight=2"));
  EXPECT_FALSE(backend_form("10.0.0.1:80,port=81"));
  EXPECT_FALSE(backend_form("10.0.0.1,address=10.0.0.2"));
  EXPECT_FALSE(backend_form("10.0.0.1,weight"));
  EXPECT_FALSE(backend_form(""));
  EXPECT_FALSE(check_form("none,rise=2"));
  EXPECT_FALSE(check_form("http:healthz"));
  EXPECT_EQ(*check_form("tcp"), json("tcp"));
  EXPECT_EQ(*check_form("tcp,port=81"), (json{{"type", "tcp"}, {"port", 81}}));
  EXPECT_EQ(*check_form("https:/a:b,verify=true"), (json{{"https", "/a:b"}, {"verify", true}}));
  EXPECT_EQ(*check_form("tls"), json("tls"));
  EXPECT_EQ(*check_form("http:/a,status=200-299"), (json{{"http", "/a"}, {"status", "200-299"}}));
  EXPECT_FALSE(port_form("70000000000"));
  EXPECT_FALSE(port_form("80-"));
  EXPECT_FALSE(port_form("-80"));
  EXPECT_FALSE(port_form("a-b"));
  EXPECT_EQ(*port_form("80-90"), json("80-90"));
}

}  // namespace
}  // namespace guideway
