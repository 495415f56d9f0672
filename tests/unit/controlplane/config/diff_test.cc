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
