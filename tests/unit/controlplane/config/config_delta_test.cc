// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/config_delta.hh"

#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/load.hh"
#include "controlplane/config/validate.hh"

namespace guideway {
namespace {

Config sample(int services) {
  std::string text = "hash_key = \"00112233445566778899aabbccddeeff\"\ntunnel_source = \"198.51.100.1\"\n";
  for (int i = 0; i < services; ++i) {
    const std::string number = std::to_string(i);
    text += "[[service]]\nname = \"s" + number + "\"\naddress = \"192.0.2." + number + "\"\nport = 80\n";
    text += "check = { http = \"/up\", interval = \"3s\" }\nslow_start = \"5s\"\n";
    text += "backends = [\"10.0." + number + ".1\", { address = \"10.0." + number + ".2\", forward = \"ipip\" }]\n";
  }
  text += "[[service]]\nname = \"dns\"\naddress = \"192.0.2.200\"\nport = 53\nprotocol = \"udp\"\npool = \"shared\"\n";
  text +=
      "[[pool]]\nname = \"shared\"\nbackends = [\"10.1.0.1\"]\n[[pool]]\nname = \"unused\"\nbackends = "
      "[\"10.1.0.2\"]\n";
  auto config = load_config_text(text, "sample.toml");
  EXPECT_TRUE(config) << text_of(config.error());
  return config.value_or(Config{});
}

void expect_round_trip(const Config& from, const Config& to) {
  ASSERT_TRUE(validate(to)) << validate(to).error().message;
  const auto back = with_delta(from, nlohmann::json::parse(delta_json(from, to).dump()));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, to);
}

TEST(ConfigDelta, GivesTheSecondConfigurationAgain) {
  const Config from = sample(9);
  const std::pair<const char*, std::function<void(Config&)>> changes[] = {
      {"nothing", [](Config&) {}},
      {"a weight", [](Config& config) { config.pools[1].backends[0].weight = 9; }},
      {"one less", [](Config& config) { config.pools[1].backends.pop_back(); }},
      {"a state", [](Config& config) { config.pools[2].backends[1].administrative = Administrative::draining; }},
      {"an unused pool", [](Config& config) { config.pools.pop_back(); }},
      {"a service without its pool", [](Config& config) { config.services.erase(config.services.begin()); }},
      {"a service that changes", [](Config& config) { config.services[3].idle_timeout_ms = 7000; }},
      {"a service's pool", [](Config& config) { config.services[3].pool = "shared"; }},
      {"a backup",
       [](Config& config) {
         config.pools[1].backup_pool = "s5";
         config.pools[6].backup_pool = "s7";
       }},
      {"a setting", [](Config& config) { config.answers.echo_per_second = 5; }},
      {"no tunnel source", [](Config& config) { config.tunnel_source_ipv4.reset(); }},
      {"everything gone", [](Config& config) { config.services.clear(), config.pools.clear(); }},
  };
  for (const auto& [what, change] : changes) {
    SCOPED_TRACE(what);
    Config to = from;
    change(to);
    expect_round_trip(from, to);
    expect_round_trip(to, from);
  }
}

TEST(ConfigDelta, IsAsSmallAsTheChange) {
  const auto size_of_change = [](int services) {
    const Config from = sample(services);
    Config to = from;
    to.pools[1].backends[0].weight = 9;
    return delta_json(from, to).dump().size();
  };
  EXPECT_EQ(size_of_change(2), size_of_change(90));
}

TEST(ConfigDelta, KnowsWhenTheWholeIsAsWellWritten) {
  const Config from = sample(200);
  Config to = from;
  EXPECT_TRUE(small_delta_json(from, to));
  for (std::size_t i = 0; i < 60; ++i) to.pools[i].slow_start_ms = 1;
  EXPECT_TRUE(small_delta_json(from, to)) << "60 of 202 pools";
  for (std::size_t i = 0; i < 200; ++i) to.pools[i].slow_start_ms = 1;
  EXPECT_TRUE(small_delta_json(sample(9), Config{})) << "all is gone";
  EXPECT_FALSE(small_delta_json(from, to)) << "all pools";
  EXPECT_FALSE(small_delta_json(Config{}, from)) << "all is new";
}

TEST(ConfigDelta, WhatIsNoDeltaIsRefused) {
  const Config config = sample(1);
  for (const char* text : {"{}", "[]", "null", R"({"config": 7})", R"({"config": {"hash_key": "1"}})"})
    EXPECT_FALSE(with_delta(config, nlohmann::json::parse(text))) << text;
  auto delta = delta_json(config, config);
  delta["gone_pools"] = "s0";
  EXPECT_FALSE(with_delta(config, delta));
}

}  // namespace
}  // namespace guideway
