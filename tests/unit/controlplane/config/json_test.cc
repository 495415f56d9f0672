// SPDX-License-Identifier: Apache-2.0
// JSON: a configuration survives the round trip, and services and backends that are added one by one are held to the
// same rules as those in a file.
#include "controlplane/config/json.hh"

#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/load.hh"
#include "controlplane/config/validate.hh"

namespace guideway {
namespace {

using nlohmann::json;

Config example(const std::string& name) {
  const auto config = load_config(std::filesystem::path(GUIDEWAY_SOURCE_DIR) / "configs" / name);
  EXPECT_TRUE(config.has_value()) << text_of(config.error());
  return config.value_or(Config{});
}

TEST(Json, EveryExampleSurvivesTheRoundTrip) {
  for (const std::string name :
       {"reference.toml", "examples/web.toml", "examples/dns.toml", "examples/ipip.toml", "examples/conf.d.toml"}) {
    const Config config = example(name);
    const auto again = config_from_json(json::parse(to_json(config).dump()));
    ASSERT_TRUE(again.has_value()) << name << ": " << again.error().message;
    EXPECT_EQ(*again, config) << name;
  }
}

TEST(Json, NoValueOfABackendIsLost) {
  Config config = example("examples/web.toml");
  BackendConfig& backend = config.pools.at(0).backends.at(0);
  backend.weight = 65535;
  backend.port = 1;
  backend.forward = Forward::ipip;
  backend.mac = MacAddress::parse("02:00:00:00:00:ff");
  backend.administrative = Administrative::disabled;
  CheckConfig check;
  check.kind = CheckKind::http;
  check.path = "/%20?q=1";
  check.host = "[::1]:80";
  check.status = {{100, 599}};
  check.port = 65535;
  check.interval_ms = 3'600'000;
  check.fast_interval_ms = 50;
  check.down_interval_ms = 3'599'000;
  check.timeout_ms = 10;
  check.rise = check.fall = 1000;
  check.jitter_percent = 0;
  backend.check = check;
  config.pools.at(0).slow_start_ms = 1;
  config.pools.at(0).defaults.own().check.kind = CheckKind::tcp;
  config.pools.at(0).defaults.own().check.path = "/";
  const auto again = config_from_json(to_json(config));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(*again, config);
}

// Everything that a service, a pool and the top may say besides.
constexpr const char* every_key = R"(
hash_key = "00112233445566778899aabbccddeeff"
tunnel_source = ["10.99.0.0/16", "fd00:99::/64"]
api_read_group = "operators"
api_admin_group = "27"
metrics = "127.0.0.1:9660"
[answers]
echo = "kernel"
too_big_per_second = 0
reject_per_second = 7
[[service]]
name = "games"
addresses = ["198.18.0.0/24", "2001:db8:18::/64"]
port = "8000-8100"
protocol = "tcp+udp"
scheduler = "source"
source_bits_ipv4 = 24
source_bits_ipv6 = 56
when_none = "reject"
closing_timeout = "9s"
udp_idle_timeout = "8s"
udp_opening_timeout = "7s"
allow = ["10.0.0.0/8", "::/0"]
deny = "10.1.0.0/16"
new_flows_per_second = 100
new_flows_burst = 200
source_flows_per_second = 10
source_flows_burst = 20
source_flows_bits_ipv4 = 24
source_flows_bits_ipv6 = 48
forward = "gre"
gre_key = 0
gue_port = 9000
gue_variant = 1
mss_clamp = true
check = "none"
backends = ["10.0.0.1", { address = "10.0.0.2", forward = "gue", mss_clamp = false },
  { address = "10.0.0.3", forward = "l2", mac = "02:00:00:00:00:03", vlan = 7 }]
[[service]]
name = "packets"
address = "192.0.2.1"
port = 53
protocol = "udp"
udp = "packet"
scheduler = "random"
dscp = 63
forward = "l3dsr"
backends = ["10.0.0.9"]
)";

TEST(Json, NoValueOfAnyKindIsLost) {
  const auto config = load_config_text(every_key, "full.toml");
  ASSERT_TRUE(config.has_value()) << text_of(config.error());
  const auto again = config_from_json(json::parse(to_json(*config).dump()));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(*again, *config);
  const json games = to_json(*config).at("service").at(0);
  EXPECT_EQ(games.at("port"), "8000-8100");
  EXPECT_EQ(games.at("addresses").at(0), "198.18.0.0/24");
  EXPECT_EQ(games.at("protocol"), "tcp+udp");
}

TEST(Json, ABackendThatIsAddedInheritsItsTunnel) {
  const auto config = load_config_text(every_key, "full.toml");
  ASSERT_TRUE(config.has_value()) << text_of(config.error());
  const auto gre = backend_from_json("10.0.0.8", "games", *config);
  ASSERT_TRUE(gre.has_value()) << gre.error().message;
  EXPECT_EQ(gre->tunnel.gre_key, 0U);
  const auto gue = backend_from_json({{"address", "10.0.0.8"}, {"forward", "gue"}}, "games", *config);
  ASSERT_TRUE(gue.has_value()) << gue.error().message;
  EXPECT_EQ(gue->tunnel, (TunnelConfig{1, 9000, std::nullopt, true}));
  const auto wrong = backend_from_json({{"address", "10.0.0.8"}, {"vlan", 8}}, "games", *config);
  EXPECT_EQ(wrong.error().message,
            "pool.games.backends[10.0.0.8].vlan: is the tag of a next hop that mac names; without one the kernel's "
            "route tells it: add mac, or leave it out");
}

TEST(Json, AServiceWithBackendsBringsItsPool) {
  const auto added = service_from_json(json::parse(R"({"name": "api", "address": "192.0.2.99", "port": 8443,
      "backends": ["10.0.0.9", {"address": "10.0.0.8", "weight": 4}]})"),
                                       example("examples/web.toml"));
  ASSERT_TRUE(added.has_value()) << added.error().message;
  EXPECT_EQ(added->pool.name, "api");
  EXPECT_EQ(added->service.pool, "api");
  ASSERT_EQ(added->pool.backends.size(), 2U);
  EXPECT_EQ(added->pool.backends[0].weight, 4U);
  EXPECT_EQ(added->pool.backends[1].check.port, 8443);
}

TEST(Json, AServiceMayUseAPoolThatExists) {
  const Config config = example("examples/web.toml");
  const json service{{"name", "api"}, {"address", "192.0.2.99"}, {"port", 80}, {"pool", "web"}};
  const auto added = service_from_json(service, config);
  ASSERT_TRUE(added.has_value()) << added.error().message;
  EXPECT_EQ(added->pool, config.pools.at(0)) << "the pool is as it was";
  json other = service;
  other["pool"] = "wbe";
  EXPECT_EQ(service_from_json(other, config).error().message,
            "service.api.pool: there is no pool wbe; name one that exists, or list backends");
}

TEST(Json, ABackendInheritsFromItsPool) {
  const Config config = example("examples/web.toml");
  const auto plain = backend_from_json("10.0.0.9", "web", config);
  ASSERT_TRUE(plain.has_value()) << plain.error().message;
  EXPECT_EQ(plain->check.path, "/healthz");
  EXPECT_EQ(plain->check.port, 80);
  const auto full =
      backend_from_json(json::parse(R"({"address": "10.0.0.9", "name": "n", "port": 81, "weight": 2})"), "web", config);
  ASSERT_TRUE(full.has_value()) << full.error().message;
  EXPECT_EQ(full->check.port, 81);
  EXPECT_EQ(full->weight, 2U);
  EXPECT_FALSE(backend_from_json("10.0.0.9", "none", config).has_value());
}

TEST(Json, MistakesAreNamedAsInAFile) {
  const Config config = example("examples/web.toml");
  struct Row {
    const char* text;
    const char* message_part;
  };
  for (const Row& row :
       {Row{R"({"name":"a","address":"192.0.2.9","port":70000,"backends":[]})", "service.a.port: 70000"},
        Row{R"({"name":"a","address":"192.0.2.9","port":80})", "neither backends nor pool"},
        Row{R"({"name":"a","address":"192.0.2.9","port":80,"backends":[],"x":1})", "service.a.x"},
        Row{R"({"name":"a","address":"192.0.2.9","port":18446744073709551615,"backends":[]})", "not an integer"},
        Row{R"({"name":null,"address":"192.0.2.9","port":80,"backends":[]})", "null is not a string"},
        Row{R"(["a"])", "give an object"}}) {
    const auto added = service_from_json(json::parse(row.text), config);
    ASSERT_FALSE(added.has_value()) << row.text;
    EXPECT_NE(added.error().message.find(row.message_part), std::string::npos) << added.error().message;
  }
  EXPECT_FALSE(config_from_json(json::parse(std::string(200, '[') + std::string(200, ']'))).has_value());
  EXPECT_FALSE(backend_from_json(json::parse(R"({"address":"10.0.0.9","weight":-1})"), "web", config).has_value());
}

}  // namespace
}  // namespace guideway
