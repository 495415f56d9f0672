// SPDX-License-Identifier: Apache-2.0
// Ledger::save() and Ledger::load().
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "tests/unit/controlplane/compile/one_pool.hh"

namespace guideway {
namespace {

// Texts by value.
std::map<std::string, std::string> plain(const LedgerTexts& texts) {
  std::map<std::string, std::string> result;
  texts.for_each([&](const std::string& pool, const LedgerTexts::Text& text) { result[pool] = *text; });
  return result;
}

TEST(LedgerStorage, SavedAndLoadedItCompilesTheSameBytes) {
  Ledger ledger(ledger_capacities);
  const Config config = config_of({backend("10.0.0.2", 3), backend("2001:db8::9")});
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2", 3)}), {}, 0));
  ASSERT_TRUE(ledger.adopt(config, {}, 10));
  auto loaded = Ledger::load(ledger.save(), ledger_capacities);
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_TRUE(loaded->adopt(config, {}, 500));
  const Compiled before = ledger.compile(7, {});
  const Compiled after = loaded->compile(7, {});
  EXPECT_EQ(before.snapshot, after.snapshot);
  ASSERT_EQ(before.tables.size(), after.tables.size());
  EXPECT_EQ(*before.tables[0].bytes, *after.tables[0].bytes);
  EXPECT_EQ(plain(loaded->save()), plain(ledger.save()));
  EXPECT_TRUE(loaded->retire(1010, nothing_remembered)) << "the time of the change was kept, not that of the restart";
}

TEST(LedgerStorage, ALeavingBackendKeepsItsCheckOverARestart) {
  Ledger ledger(ledger_capacities);
  BackendConfig checked = backend("10.0.0.1");
  checked.check.kind = CheckKind::http;
  checked.check.port = 8080;
  checked.check.path = "/alive";
  checked.mac = MacAddress::parse("02:00:00:00:00:09");
  ASSERT_TRUE(ledger.adopt(config_of({checked, backend("10.0.0.2")}), {}, 0));
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.2")}), {}, 10));
  auto loaded = Ledger::load(ledger.save(), ledger_capacities);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->find({"web", "10.0.0.1"})->config, checked);
}

TEST(LedgerStorage, DamageIsASentence) {
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1")}), {}, 0));
  const LedgerTexts saved = ledger.save();
  ASSERT_EQ(saved.size(), 2U) << "one of the pool, one of the rest";
  EXPECT_FALSE(Ledger::load({}, ledger_capacities));
  for (const auto& [pool, text] : plain(saved)) {
    for (std::size_t length = 0; length < text.size(); ++length) {
      LedgerTexts damaged = saved;
      damaged.set(pool, std::make_shared<const std::string>(text.substr(0, length)));
      ASSERT_FALSE(Ledger::load(damaged, ledger_capacities)) << pool << " " << length;
    }
  }
}

TEST(LedgerStorage, MovingSlotsAreFoundAgainHoweverFarApart) {
  Config config = config_of({backend("10.0.0.1", 60000), backend("10.0.0.2", 1), backend("10.0.0.3", 40)});
  config.services[0].table_slots = 65537;
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(config, {}, 0));
  for (const std::uint32_t weight : {2U, 3U, 30'000U}) {
    config.pools[0].backends[1].weight = weight;
    ASSERT_TRUE(ledger.adopt(config, {}, weight));
    const LedgerTexts saved = ledger.save();
    auto loaded = Ledger::load(saved, ledger_capacities);
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_TRUE(loaded->adopt(config, {}, 99'999));
    EXPECT_EQ(loaded->moving_slots(), ledger.moving_slots());
    EXPECT_EQ(*loaded->compile(1, {}).tables[0].bytes, *ledger.compile(1, {}).tables[0].bytes);
    // One change is told by the members before it, several by their slots.
    EXPECT_LT(saved.at("web")->size(), 1000 + (weight == 2 ? 0 : 2 * std::size_t{ledger.moving_slots()}));
    EXPECT_GT(ledger.moving_slots(), 0U);
  }
  EXPECT_GT(ledger.moving_slots(), 10'000U);
}

TEST(LedgerStorage, WhatAFormerReleaseSavedIsRead) {
  const auto load = [](const std::string& slots) {
    return Ledger::load(
        {{"",
          std::make_shared<const std::string>(
              R"({"version": 3, "next_index": 2, "next_service_id": 2, "generations": [[0, 1], [1, 4]],)"
              R"("backends": [{"pool": "web", "index": 1, "generation": 4, "leaving": false, "at_once": false,)"
              R"("backend": {"name": "10.0.0.2", "address": "10.0.0.2"}}],)"
              R"("tables": [{"pool": "web", "slots": 251, "members": [{"name": "10.0.0.2", "index": 1, "weight": 1}],)"
              R"("moving": [{"home": 0, "since_ms": 5, "slots": )" +
              slots + "}]}]}")}},
        ledger_capacities);
  };
  auto ledger = load("[3, 250]");
  ASSERT_TRUE(ledger) << ledger.error().message;
  ASSERT_TRUE(ledger->adopt(config_of({backend("10.0.0.2"), backend("10.0.0.9")}), {}, 9));
  EXPECT_EQ(ledger->find({"web", "10.0.0.2"})->generation, 4U);
  EXPECT_EQ(ledger->find({"web", "10.0.0.9"})->index, 2U);
  EXPECT_GT(ledger->moving_slots(), 2U);
  for (const char* wrong : {"[251]", "[-1]", R"("~~~")", R"("\u0001")", R"("o")", "7"})
    EXPECT_FALSE(load(wrong)) << wrong;
}

TEST(LedgerStorage, MembersBeforeAChangeMustFitTheDatapath) {
  const auto load = [](const std::string& index, const std::string& more) {
    const std::string pool = R"({"backends": [["10.0.0.2", 1, 4]], "tables": [{"pool": "web", "slots": 251,)"
                             R"("members": [{"name": "10.0.0.2", "index": 1, "weight": 1}],)"
                             R"("before": [{"name": "10.0.0.1", "index": )" +
                             index + R"(, "weight": 1}])" + more + "}]}";
    return Ledger::load({{"", std::make_shared<const std::string>(R"({"version": 5, "next_index": 2,)"
                                                                  R"("next_service_id": 2})")},
                         {"web", std::make_shared<const std::string>(pool)}},
                        ledger_capacities);
  };
  auto ledger = load("0", R"(, "since_ms": 5)");
  ASSERT_TRUE(ledger) << ledger.error().message;
  EXPECT_EQ(ledger->moving_slots(), 251U);
  const BackendFacts facts{[](std::uint32_t) { return true; }, [](std::uint32_t) { return 0; }};
  const Config config = config_of({backend("10.0.0.2")});
  const std::int64_t idle_ms = config.services[0].idle_timeout_ms;
  ASSERT_TRUE(ledger->adopt(config, {}, 9));
  EXPECT_FALSE(ledger->retire(5 + idle_ms - 1, facts));
  EXPECT_TRUE(ledger->retire(5 + idle_ms, facts));
  EXPECT_FALSE(load("0", "")) << "since when, nobody knows";
  EXPECT_FALSE(load(std::to_string(ledger_capacities.backends_max), R"(, "since_ms": 5)"));
}

TEST(LedgerStorage, OnlyTheTextOfAChangedPoolIsNew) {
  Config config = config_of({backend("10.0.0.1"), backend("10.0.0.2")});
  PoolConfig other = std::as_const(config).pools[0];
  other.name = "other";
  config.pools.push_back(other);
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(config, {}, 0));
  const LedgerTexts before = ledger.save();
  config.pools[0].backends[0].weight = 5;
  ASSERT_TRUE(ledger.adopt(config, {}, 10));
  LedgerTexts after = ledger.save();
  EXPECT_EQ(after.at("other"), before.at("other"));
  EXPECT_EQ(after.at(""), before.at(""));
  EXPECT_NE(after.at("web"), before.at("web")) << "its slots move";
  EXPECT_TRUE(ledger.retire(2000, nothing_remembered));
  EXPECT_NE(ledger.save().at("web"), after.at("web")) << "they do not any more";
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2")}),
                           {{"other", "10.0.0.1"}, {"other", "10.0.0.2"}}, 3000));
  EXPECT_TRUE(ledger.retire(3001, nothing_remembered));
  after = ledger.save();
  EXPECT_EQ(after.count("other"), 0U) << "nothing is left of it";
  EXPECT_NE(after.at(""), before.at("")) << "the generations of its indexes must not be forgotten";
}

}  // namespace
}  // namespace guideway
