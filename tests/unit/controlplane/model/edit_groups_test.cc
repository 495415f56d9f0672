// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controlplane/config/load.hh"
#include "controlplane/model/edit.hh"
#include "controlplane/model/intent.hh"

namespace guideway {
namespace {

Config two_pools() {
  const auto config = load_config_text(R"(
hash_key = "00112233445566778899aabbccddeeff"
[[service]]
name = "web"
address = "192.0.2.1"
port = 80
backends = [{ name = "a", address = "10.0.0.1" }, { name = "b", address = "10.0.0.2" }]
[[service]]
name = "mail"
address = "192.0.2.1"
port = 25
backends = [{ name = "m", address = "10.0.0.2" }]
)",
                                       "conf.toml");
  EXPECT_TRUE(config.has_value()) << text_of(config.error());
  return config.value_or(Config{});
}

constexpr auto draining = Administrative::draining;

TEST(EditGroups, AServiceIsEachOfItsBackends) {
  const auto spelled = spelled_out(two_pools(), {ServiceState{"web", draining, {}}}, 0);
  ASSERT_TRUE(spelled.has_value()) << spelled.error().message;
  EXPECT_EQ(*spelled, (std::vector<Edit>{BackendState{"web", "a", draining}, BackendState{"web", "b", draining}}));
}

TEST(EditGroups, AHostIsItsBackendInEveryPool) {
  const auto spelled = spelled_out(two_pools(), {HostState{"10.0.0.2", draining, {600'000, 0, true}}}, 1000);
  ASSERT_TRUE(spelled.has_value()) << spelled.error().message;
  const DrainEnd end{0, 601'000, true};
  EXPECT_EQ(*spelled,
            (std::vector<Edit>{BackendState{"mail", "m", draining, end}, BackendState{"web", "b", draining, end}}));
}

TEST(EditGroups, WhatCameBeforeInTheListCounts) {
  const auto spelled =
      spelled_out(two_pools(),
                  {BackendAdd{"web", R"({"name": "c", "address": "10.0.0.3"})"}, BackendRemove{"web", "a", false},
                   ServiceState{"web", Administrative::disabled, {}}},
                  0);
  ASSERT_TRUE(spelled.has_value()) << spelled.error().message;
  EXPECT_EQ(std::vector<Edit>(spelled->begin() + 2, spelled->end()),
            (std::vector<Edit>{BackendState{"web", "b", Administrative::disabled},
                               BackendState{"web", "c", Administrative::disabled}}));
}

TEST(EditGroups, NobodyIsASentence) {
  const auto sentence = [](const Edit& edit) {
    const auto spelled = spelled_out(two_pools(), {edit}, 0);
    return spelled ? std::string() : spelled.error().message;
  };
  EXPECT_EQ(sentence(ServiceState{"nix", draining, {}}), "there is no service \"nix\"");
  EXPECT_EQ(sentence(HostState{"10.0.0.9", draining, {}}), "no pool has a backend with the address 10.0.0.9");
  EXPECT_EQ(sentence(HostState{"b1", draining, {}}), "\"b1\" is not an address; give the host's, such as 10.0.0.1");
}

TEST(EditGroups, ADrainThatEndsDisablesOrRemoves) {
  const std::vector<Edit> edits{BackendState{"web", "a", draining, {0, 5000, false}},
                                BackendState{"web", "b", draining, {0, 6000, true}},
                                BackendState{"mail", "m", draining}};
  EXPECT_TRUE(ended_drains(edits, 4999).empty());
  EXPECT_EQ(ended_drains(edits, 5000), (std::vector<Edit>{BackendState{"web", "a", Administrative::disabled}}));
  EXPECT_EQ(ended_drains(edits, 6000),
            (std::vector<Edit>{BackendState{"web", "a", Administrative::disabled}, BackendRemove{"web", "b", true}}));
}

// The end of a drain is kept with it, and goes with whatever is said next.
TEST(EditGroups, AnotherWordCancelsTheEnd) {
  std::vector<Edit> edits;
  const Config config = two_pools();
  record(edits, {BackendState{"web", "a", draining, {0, 5000, false}}}, config);
  EXPECT_EQ(ended_drains(edits, 9000).size(), 1u);
  record(edits, {BackendState{"web", "a", Administrative::enabled}}, config);
  EXPECT_TRUE(ended_drains(edits, 9000).empty());
}

TEST(EditGroups, AreTheSameInJson) {
  for (
      const char* text : {
          R"({"op":"service.state","name":"web","state":"draining","timeout_ms":600000,"then":"removed"})",
          R"({"op":"host.state","address":"10.0.0.2","state":"enabled"})",
          R"({"op":"backend.state","pool":"web","name":"a","state":"draining","until_ms":170000000,"then":"disabled"})",
      }) {
    const auto json = nlohmann::json::parse(text);
    const auto edit = edit_from_json(json);
    ASSERT_TRUE(edit.has_value()) << text << ": " << edit.error().message;
    EXPECT_EQ(to_json(*edit), json);
  }
  for (const char* wrong : {
           R"({"op":"service.state","name":"web","state":"enabled","timeout_ms":5})",
           R"({"op":"service.state","name":"web","state":"draining","timeout_ms":0})",
           R"({"op":"service.state","name":"web","state":"draining","then":"removed"})",
           R"({"op":"host.state","address":"10.0.0.2","state":"draining","timeout_ms":5,"then":"burned"})",
           R"({"op":"host.state","address":"10.0.0.2","state":"gone"})",
           R"({"op":"host.state","name":"10.0.0.2","state":"draining"})",
       }) {
    EXPECT_FALSE(edit_from_json(nlohmann::json::parse(wrong)).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace guideway
