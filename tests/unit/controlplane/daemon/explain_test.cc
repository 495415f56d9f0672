// SPDX-License-Identifier: Apache-2.0
// What a person is told about a flow, for every scheduler, policy and rule of admission.
#include "controlplane/daemon/explain.hh"

#include <gtest/gtest.h>

#include "controlplane/config/load.hh"

namespace guideway {
namespace {

constexpr Capacities capacities{.services_max = 32, .backends_max = 8, .flows_max = 64};

class ExplainTest : public ::testing::Test {
 protected:
  // Two backends, a and b; `keys` are the service's.
  void serve(const std::string& keys, const std::string& address = "192.0.2.10", const std::string& port = "80") {
    const auto config =
        load_config_text("hash_key = \"00112233445566778899aabbccddeeff\"\n[[service]]\nname = \"web\"\naddress = \"" +
                             address + "\"\nport = " + port + "\ntable_slots = 251\ncheck = \"none\"\n" + keys +
                             "backends = [{ name = \"a\", address = \"10.0.0.1\" }, { name = \"b\", address = "
                             "\"10.0.0.2\", weight = 2 }]\n",
                         "conf.toml");
    ASSERT_TRUE(config.has_value()) << text_of(config.error());
    Ledger ledger(capacities);
    ASSERT_TRUE(ledger.adopt(*config, {}, 0).has_value());
    compiled = ledger.compile(1, {});
    set_health(0, GW_HEALTH_UP);
    set_health(1, GW_HEALTH_UP);
  }
  void set_health(std::uint32_t backend, gw_health_state state) {
    words.at(backend) = gw_health_word(state == GW_HEALTH_UP ? GW_SHARE_FULL : 0, state, GW_REASON_NONE, 1);
  }
  nlohmann::json told(const char* source, const char* destination, Protocol protocol = Protocol::tcp) {
    const ExplainInputs inputs{
        compiled, HealthTable(words), [](std::uint32_t index) { return std::string(index == 0 ? "web/a" : "web/b"); },
        [](std::uint32_t) { return std::string("web"); }, [this](std::uint32_t index) { return flows.at(index); }};
    const Result<door::FlowAnswer> unknown = door::FlowAnswer{};
    return explain({protocol, *Endpoint::parse(source), *Endpoint::parse(destination)}, inputs, unknown).body;
  }
  static std::string steps_of(const nlohmann::json& body) {
    std::string all;
    for (const auto& step : body.at("steps")) all += step.get<std::string>() + "\n";
    return all;
  }
  static bool says(const nlohmann::json& body, const std::string& part) {
    const bool found = steps_of(body).find(part) != std::string::npos;
    if (!found) ADD_FAILURE() << "not said: " << part << "\n" << steps_of(body);
    return found;
  }

  Compiled compiled;
  std::vector<std::uint64_t> words = std::vector<std::uint64_t>(8);
  std::vector<std::uint64_t> flows = std::vector<std::uint64_t>(8);
};

TEST_F(ExplainTest, NamesThePrefixAndTheRangeThatMatched) {
  serve("", "192.0.2.0/24", "\"80-90\"");
  EXPECT_TRUE(says(told("198.51.100.7:1000", "192.0.2.99:85"),
                   "the destination belongs to service web (192.0.2.0/24 port 80-90)"));
  EXPECT_EQ(told("198.51.100.7:1000", "192.0.2.99:91").at("service"), nullptr);
}

TEST_F(ExplainTest, TheSourceAloneDecides) {
  serve("scheduler = \"source\"\nsource_bits_ipv4 = 24\n");
  const nlohmann::json first = told("198.51.100.7:1000", "192.0.2.10:80");
  EXPECT_TRUE(says(first, "the keyed hash of the source's first 24 bits is "));
  const nlohmann::json second = told("198.51.100.200:2000", "192.0.2.10:80");
  EXPECT_EQ(first.at("hash"), second.at("hash"));
  EXPECT_EQ(first.at("backend"), second.at("backend"));
  EXPECT_EQ(first.at("plain"), true);
  EXPECT_NE(told("198.51.101.7:1000", "192.0.2.10:80").at("hash"), first.at("hash"));
}

TEST_F(ExplainTest, TurnsAndChanceAreNotKnownBeforehand) {
  for (const auto& [scheduler, sentence] :
       {std::pair("round-robin", "round-robin gives a new flow the next slot in turn, so its backend is not known"),
        std::pair("random", "random gives a new flow any slot, so its backend is not known beforehand")}) {
    serve("scheduler = \"" + std::string(scheduler) + "\"\n");
    const nlohmann::json body = told("198.51.100.7:1000", "192.0.2.10:80");
    EXPECT_TRUE(says(body, sentence));
    EXPECT_TRUE(says(body, "the service follows every flow"));
    EXPECT_EQ(body.at("backend"), nullptr);
    EXPECT_NE(body.at("established"), nullptr) << "one that nobody remembers is with its home";
  }
}

TEST_F(ExplainTest, LeastConnectionsComparesTwo) {
  serve("scheduler = \"least-connections\"\n");
  // A flow whose two slots belong to different backends.
  nlohmann::json body;
  std::uint16_t port = 1000;
  do {
    body = told(("198.51.100.7:" + std::to_string(++port)).c_str(), "192.0.2.10:80");
  } while (steps_of(body).find("web/a with 0") == std::string::npos ||
           steps_of(body).find("web/b with 0") == std::string::npos);
  const std::string source = "198.51.100.7:" + std::to_string(port);
  flows = {10, 19, 0, 0, 0, 0, 0, 0};
  body = told(source.c_str(), "192.0.2.10:80");
  EXPECT_EQ(body.at("backend"), "web/b") << "19 flows at weight 2 are fewer";
  EXPECT_TRUE(says(body, "web/b with 19 flows and weight 2"));
  flows = {10, 21, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(told(source.c_str(), "192.0.2.10:80").at("backend"), "web/a");
  set_health(0, GW_HEALTH_DOWN);
  body = told(source.c_str(), "192.0.2.10:80");
  EXPECT_EQ(body.at("backend"), "web/b");
  EXPECT_TRUE(says(body, "web/a, which does not accept"));
}

TEST_F(ExplainTest, PacketsOnTheirOwn) {
  serve("protocol = \"udp\"\nudp = \"packet\"\nscheduler = \"random\"\n");
  const nlohmann::json body = told("198.51.100.7:1000", "192.0.2.10:80", Protocol::udp);
  EXPECT_TRUE(says(body, "the service remembers nothing: its scheduler chooses for each packet"));
  EXPECT_TRUE(says(body, "random gives each packet any slot"));
  EXPECT_EQ(body.at("plain"), false);
  serve("protocol = \"udp\"\nudp = \"hash\"\n");
  EXPECT_EQ(told("198.51.100.7:1000", "192.0.2.10:80", Protocol::udp).at("plain"), true);
}

TEST_F(ExplainTest, WhenNothingAccepts) {
  const auto all_down = [this](const std::string& policy) {
    serve("protocol = \"tcp+udp\"\nwhen_none = \"" + policy + "\"\n");
    set_health(0, GW_HEALTH_DOWN);
    set_health(1, GW_HEALTH_DOWN);
  };
  all_down("drop");
  EXPECT_TRUE(says(told("198.51.100.7:1000", "192.0.2.10:80"), "policy is drop: a new flow leaves by drop_no_backend"));
  all_down("reject");
  EXPECT_TRUE(says(told("198.51.100.7:1000", "192.0.2.10:80"),
                   "policy is reject: a new flow is answered with a reset (answered_reject)"));
  EXPECT_TRUE(says(told("198.51.100.7:1000", "192.0.2.10:80", Protocol::udp), "answered with port unreachable"));
  all_down("fail-open");
  EXPECT_NE(told("198.51.100.7:1000", "192.0.2.10:80").at("backend"), nullptr);
}

TEST_F(ExplainTest, TheAccessListDecidesFirst) {
  serve("allow = \"198.51.100.0/24\"\ndeny = \"198.51.100.128/25\"\n");
  EXPECT_TRUE(says(told("198.51.100.7:1000", "192.0.2.10:80"), "the service's access list lets 198.51.100.7 in"));
  const nlohmann::json denied = told("198.51.100.130:1000", "192.0.2.10:80");
  EXPECT_TRUE(says(denied, "the service's access list denies 198.51.100.130: its packets leave by drop_access_denied"));
  EXPECT_EQ(denied.at("backend"), nullptr);
  EXPECT_EQ(told("203.0.113.1:1000", "192.0.2.10:80").at("backend"), nullptr) << "no prefix holds it";
}

TEST_F(ExplainTest, LimitsAreNamed) {
  serve("new_flows_per_second = 100\nsource_flows_per_second = 5\nsource_flows_bits_ipv4 = 24\n");
  const nlohmann::json body = told("198.51.100.7:1000", "192.0.2.10:80");
  EXPECT_TRUE(says(body, "new flows of one source, of whose address 24 bits count, are limited to 5 a second"));
  EXPECT_TRUE(says(body, "new flows are limited to 100 a second; above, they leave by drop_rate_limited"));
}

}  // namespace
}  // namespace guideway
