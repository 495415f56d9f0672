// SPDX-License-Identifier: Apache-2.0
// Several checks of a backend.
#include <nlohmann/json.hpp>

#include "controlplane/config/diff.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/load.hh"
#include "controlplane/config/toml_text.hh"
#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

const std::string two =
    "check = [{ http = \"/healthz\", interval = \"1s\" }, { type = \"tcp\", port = 8080, fall = 5 }]\n";

const BackendConfig& first_backend(const Config& config) { return config.pools.at(0).backends.at(0); }

TEST(ReadChecks, AListIsSeveral) {
  const Config config = accepted(web_service + two + "checks = \"any\"\n");
  const BackendConfig& backend = first_backend(config);
  ASSERT_EQ(check_count(backend), 2U);
  EXPECT_EQ(backend.checks, CheckRule::any);
  EXPECT_EQ(check_at(backend, 0).kind, CheckKind::http);
  EXPECT_EQ(check_at(backend, 0).interval_ms, 1000U);
  EXPECT_EQ(check_at(backend, 0).port, 80) << "the service's";
  EXPECT_EQ(check_at(backend, 1).kind, CheckKind::tcp);
  EXPECT_EQ(check_at(backend, 1).port, 8080);
  EXPECT_EQ(check_at(backend, 1).fall, 5U);
  EXPECT_EQ(check_at(backend, 1).interval_ms, 2000U) << "they do not inherit from each other";
}

TEST(ReadChecks, TablesOfTheirOwnAreAList) {
  const Config config = accepted(
      "[[pool]]\nname = \"p\"\nbackends = [\"10.0.0.1\"]\n[[pool.check]]\nhttp = \"/a\"\n"
      "[[pool.check]]\ntype = \"tcp\"\nport = 81\n[[service]]\nname = \"web\"\n"
      "address = \"192.0.2.1\"\nport = 80\npool = \"p\"\n");
  EXPECT_EQ(check_count(first_backend(config)), 2U);
  EXPECT_EQ(first_backend(config).checks, CheckRule::all);
}

TEST(ReadChecks, EachOfAListRefinesTheOneThatIsInherited) {
  const Config config =
      accepted("[defaults]\ncheck = { interval = \"7s\" }\n" + web_service + "check = [\"tcp\", { http = \"/\" }]\n");
  EXPECT_EQ(check_at(first_backend(config), 0).interval_ms, 7000U);
  EXPECT_EQ(check_at(first_backend(config), 1).interval_ms, 7000U);
}

TEST(ReadChecks, SeveralAreReplacedAsAWhole) {
  const Config config = accepted("[defaults]\n" + two + web_service + "check = { port = 81 }\n");
  EXPECT_EQ(check_count(first_backend(config)), 1U);
  EXPECT_EQ(first_backend(config).check.kind, CheckKind::tcp) << "nothing of the two";
  EXPECT_EQ(first_backend(config).check.port, 81);
  EXPECT_EQ(check_count(first_backend(accepted("[defaults]\n" + two + web_service))), 2U);
}

TEST(ReadChecks, NothingIsLostInJsonOrToml) {
  for (const std::string& text :
       {web_service + two, web_service + two + "checks = \"any\"\n", web_service + "checks = \"any\"\n",
        web_service + "check = [{ http = \"/\", through = \"service\" }, \"tcp\"]\n"}) {
    const Config config = accepted(text);
    const auto again = config_from_json(to_json(config));
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(*again, config);
    const auto reloaded = load_config_text(toml_text(to_json(config)), "exported.toml");
    ASSERT_TRUE(reloaded.has_value()) << text_of(reloaded.error());
    EXPECT_EQ(*reloaded, config);
  }
}

TEST(ReadChecks, ADiffNamesWhichCheckChanged) {
  const Config before = accepted(web_service + two);
  Config after = before;
  after.pools.at(0).backends.at(0).further_checks.at(0).fall = 6;
  const auto changes = diff(before, after);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes.front().line(), "~ pool web: backend 10.0.0.1 check[2] fall 5 -> 6");
  after.pools.at(0).backends.at(0).further_checks.clear();
  EXPECT_EQ(diff(before, after).front().line(), "~ pool web: backend 10.0.0.1 check http, tcp -> http");
}

TEST(ReadChecks, AnEditAddsABackendWithItsPoolsChecks) {
  const Config config = accepted(web_service + two);
  const auto added = backend_from_json({{"address", "10.0.0.7"}}, "web", config);
  ASSERT_TRUE(added.has_value()) << added.error().message;
  EXPECT_EQ(check_count(*added), 2U);
}

class WrongChecks : public WrongFileTest {};

TEST_P(WrongChecks, IsRefused) { expect_error(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    ReadChecks, WrongChecks,
    ::testing::Values(
        WrongFile{"no check in a list", web_service + "check = []\n", 7, "service.web.check", "give 1 to 8"},
        WrongFile{"none beside another", web_service + "check = [\"tcp\", \"none\"]\n", 7, "service.web.check[2]",
                  "no check beside others"},
        WrongFile{"a mistake in the second", web_service + "check = [\"tcp\", { http = \"x\" }]\n", 7,
                  "service.web.check[2].http", "begins with /"},
        WrongFile{"a word that is no check", web_service + "check = [\"tcp\", \"finger\"]\n", 7, "service.web.check[2]",
                  "is not a check"},
        WrongFile{"most of them", web_service + "checks = \"most\"\n", 7, "service.web.checks", "\"any\""},
        WrongFile{"an echo through a service", web_service + "check = { type = \"icmp\", through = \"service\" }\n", 7,
                  "service.web.check.through", "cannot go to a service's address"}));

}  // namespace
}  // namespace guideway
