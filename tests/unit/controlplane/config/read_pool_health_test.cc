// SPDX-License-Identifier: Apache-2.0
// What becomes of health, pool by pool, and who stands in for whom.
#include <nlohmann/json.hpp>

#include "controlplane/config/backup_chain.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/validate.hh"
#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

constexpr const char* all_keys =
    "flap_hold = \"2s\"\nflap_hold_max = \"1m\"\npanic_percent = 40\nquorum = 2\nload_feedback = \"latency\"\n"
    "quorum_up = [\"/bin/hook\", \"up\"]\nquorum_down = \"/bin/hook\"\nquorum_hook_timeout = \"3s\"\n";
const PoolHealthConfig all_values{2000,          60'000, 40, 2, LoadFeedbackKind::latency, {"/bin/hook", "up"},
                                  {"/bin/hook"}, 3000};

TEST(ReadPoolHealth, IsTheServicesOrThePoolsOrTheDefaults) {
  EXPECT_EQ(accepted(web_service).pools.at(0).health, PoolHealthConfig{});
  EXPECT_EQ(accepted(web_service + all_keys).pools.at(0).health, all_values);
  EXPECT_EQ(accepted("[defaults]\n" + std::string(all_keys) + web_service).pools.at(0).health, all_values);
  const Config config = accepted("[defaults]\n" + std::string(all_keys) +
                                 "[[pool]]\nname = \"p\"\nbackends = []\nquorum = 3\n" + web_service);
  EXPECT_EQ(config.pools.at(0).health.quorum, 3U);
  EXPECT_EQ(config.pools.at(0).health.panic_percent, 40U);
}

TEST(ReadPoolHealth, NothingIsLostInJson) {
  const Config config = accepted(web_service + all_keys + "backup_pool = \"sorry\"\n" +
                                 "[[pool]]\nname = \"sorry\"\nbackends = [\"10.0.9.1\"]\n");
  const auto again = config_from_json(to_json(config));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(*again, config);
  EXPECT_EQ(config.pools.at(0).backends.at(0).check.port, 80)
      << "a backup is checked on the port of whom it stands in for";
}

TEST(ReadPoolHealth, AHookOfTheDefaultsMayBeTakenBack) {
  const Config config = accepted("[defaults]\nquorum_up = \"/bin/hook\"\n" + web_service + "quorum_up = []\n");
  EXPECT_TRUE(config.pools.at(0).health.quorum_up.empty());
}

// What a file would find by itself.
TEST(ReadPoolHealth, AnEditNeedsABackupThatCanBeChecked) {
  Config config = accepted(web_service + "[[pool]]\nname = \"sorry\"\nbackends = [\"10.0.9.1\"]\n");
  EXPECT_TRUE(cross_check(config).empty());
  config.pools.back().backup_pool = "sorry";
  const auto findings = cross_check(config);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().key, "pool.sorry.backends[10.0.9.1].check");
  EXPECT_EQ(findings.front().message, "has no port for service web; give check = { port = 80 }");
}

TEST(ReadPoolHealth, AChainEndsBeforeItRepeats) {
  const BackupPools backups{{"a", "b"}, {"b", "c"}, {"c", "a"}};
  EXPECT_EQ(backup_chain(backups, "a"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(backup_chain(backups, "z"), (std::vector<std::string>{"z"}));
  EXPECT_EQ(backup_chain({{"a", "a"}}, "a"), (std::vector<std::string>{"a"}));
}

std::string pools(const std::string& keys) {
  return web_service + "\n[[pool]]\nname = \"p\"\nbackends = [\"10.0.0.1\"]\n" + keys;
}

class WrongPoolHealth : public WrongFileTest {};

TEST_P(WrongPoolHealth, IsRefused) { expect_error(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    ReadPoolHealth, WrongPoolHealth,
    ::testing::Values(WrongFile{"hold longer than the longest", web_service + "flap_hold = \"6m\"\n", 7,
                                "service.web.flap_hold", "a first hold of 6m is longer than the longest of 5m"},
                      WrongFile{"panic above all", web_service + "panic_percent = 101\n", 7,
                                "service.web.panic_percent", "a percentage from 0 (never) to 100"},
                      WrongFile{"no quorum", web_service + "quorum = 0\n", 7, "service.web.quorum", "from 1 to 65535"},
                      WrongFile{"a hook without a path", web_service + "quorum_up = [\"hook\"]\n", 7,
                                "service.web.quorum_up", "give its absolute path"},
                      WrongFile{"a hook that is a number", web_service + "quorum_down = 7\n", 7,
                                "service.web.quorum_down", "give its absolute path"},
                      WrongFile{"a hook that may take forever", web_service + "quorum_hook_timeout = \"1h\"\n", 7,
                                "service.web.quorum_hook_timeout", "from 100ms to 10m"},
                      WrongFile{"unknown feedback", web_service + "load_feedback = \"cpu\"\n", 7,
                                "service.web.load_feedback", "latency"},
                      WrongFile{"no such backup", web_service + "backup_pool = \"nix\"\n", 7, "service.web.backup_pool",
                                "there is no pool nix"},
                      WrongFile{"its own backup", pools("backup_pool = \"p\"\n"), 11, "pool.p.backup_pool",
                                "leads in a circle"}));

}  // namespace
}  // namespace guideway
