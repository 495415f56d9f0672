// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/diff.hh"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/load.hh"

namespace guideway {
namespace {

Config load(const std::string& text) {
  const auto config = load_config_text("hash_key = \"00112233445566778899aabbccddeeff\"\n" + text, "conf.toml");
  EXPECT_TRUE(config.has_value()) << text_of(config.error());
  return config.value_or(Config{});
}

std::string web(const std::string& rest) {
  return "[[service]]\nname = \"web\"\naddress = \"192.0.2.1\"\nport = 80\n" + rest;
}

std::vector<std::string> lines(const Config& from, const Config& to) {
  std::vector<std::string> result;
  for (const Change& change : diff(from, to)) result.push_back(change.line());
  return result;
}

using Lines = std::vector<std::string>;

TEST(Diff, NothingChanges) {
  const Config config = load(web("backends = [\"10.0.0.1\"]\n"));
  EXPECT_EQ(lines(config, config), Lines{});
}

TEST(Diff, SaysWhatAnOperatorWouldSay) {
  const Config from = load(web("backends = [\"10.0.0.1\", \"10.0.0.2\"]\n"));
  const Config to = load(web("backends = [{ address = \"10.0.0.2\", weight = 5 }, \"10.0.0.3\"]\n"
                             "scheduler = \"round-robin\"\n") +
                         "[[service]]\nname = \"api\"\naddress = \"192.0.2.2\"\nport = 80\npool = \"web\"\n");
  EXPECT_EQ(lines(from, to),
            (Lines{"+ service api", "~ service web: scheduler maglev -> round-robin", "- pool web: backend 10.0.0.1",
                   "~ pool web: backend 10.0.0.2 weight 1 -> 5", "+ pool web: backend 10.0.0.3"}));
  EXPECT_EQ(to_json(diff(from, to).front()), (nlohmann::json{{"kind", "added"}, {"text", "service api"}}));
}

TEST(Diff, ChecksAndSettings) {
  const Config from = load(web("backends = [\"10.0.0.1\"]\n"));
  const Config to = load("tunnel_source = \"10.0.0.9\"\n" + web("backends = [\"10.0.0.1\"]\ncheck = { fall = 9 }\n"));
  EXPECT_EQ(lines(from, to), (Lines{"~ setting tunnel_source none -> 10.0.0.9", "~ pool web: check fall 3 -> 9",
                                    "~ pool web: backend 10.0.0.1 check fall 3 -> 9"}));
  const Config none = load(web("backends = [\"10.0.0.1\"]\ncheck = \"none\"\n"));
  EXPECT_EQ(lines(from, none),
            (Lines{"~ pool web: check tcp -> none", "~ pool web: backend 10.0.0.1 check tcp -> none"}));
}

TEST(Diff, WhatAServiceListensOnAndHowItIsForwarded) {
  const Config from = load(web("backends = [\"10.0.0.1\"]\ncheck = \"none\"\n"));
  const Config to = load(
      "[answers]\necho = \"kernel\"\n[[service]]\nname = \"web\"\naddress = \"192.0.2.0/24\"\n"
      "port = \"80-90\"\nprotocol = \"tcp+udp\"\nallow = \"10.0.0.0/8\"\n"
      "backends = [{ address = \"10.0.0.1\", forward = \"gre\", gre_key = 7 }]\ncheck = \"none\"\n");
  EXPECT_EQ(lines(from, to),
            (Lines{"~ setting answers echo answer -> kernel", "~ setting answers echo_per_second 1000 -> none",
                   "~ service web: addresses 192.0.2.1 -> 192.0.2.0/24", "~ service web: allow none -> 10.0.0.0/8",
                   "~ service web: port 80 -> 80-90", "~ service web: protocol tcp -> tcp+udp",
                   "~ service web: udp none -> follow", "~ service web: udp_idle_timeout none -> 1m",
                   "~ service web: udp_opening_timeout none -> 1m", "~ pool web: backend 10.0.0.1 forward l2 -> gre",
                   "~ pool web: backend 10.0.0.1 gre_key none -> 7",
                   "~ pool web: backend 10.0.0.1 mss_clamp none -> false"}));
}

TEST(Diff, LongListsAreCounted) {
  std::string from = "deny = [";
  for (int i = 0; i < 100; ++i) from += "\"10.0." + std::to_string(i) + ".0/24\",\n";
  const std::string to = from + "\"10.1.0.0/24\", \"10.1.1.0/24\"]\n";
  const std::string service = "backends = []\n";
  EXPECT_EQ(lines(load(web(service + from + "\"192.0.2.0/24\"]\n")), load(web(service + to))),
            (Lines{"~ service web: deny 101 entries -> 102 entries (2 added, 1 removed)"}));
  EXPECT_EQ(lines(load(web(service)), load(web(service + to))),
            (Lines{"~ service web: deny none -> 102 entries (102 added, 0 removed)"}));
}

TEST(Diff, NeverShowsTheHashKey) {
  Config from = load(web("backends = []\n"));
  Config to = from;
  to.hash_key[0] = 0xab;
  ASSERT_EQ(diff(from, to).size(), 1U);
  EXPECT_EQ(diff(from, to).front().text.find("ab11"), std::string::npos);
  EXPECT_EQ(diff(from, to).front().text.rfind("hash_key", 0), 0U);
}

}  // namespace
}  // namespace guideway
