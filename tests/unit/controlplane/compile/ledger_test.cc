// SPDX-License-Identifier: Apache-2.0
#include "controlplane/compile/ledger.hh"

#include <gtest/gtest.h>

#include <cstring>

#include "controlplane/replay/memory_datapath.hh"
#include "tests/unit/controlplane/compile/one_pool.hh"

namespace guideway {
namespace {

TEST(Ledger, WhatItCompilesIsAccepted) {
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2"), backend("2001:db8::2")}), {}, 0));
  Reachability reach;
  reach.port = 1;
  const Compiled compiled = ledger.compile(1, {{0, reach}});
  auto datapath = MemoryDatapath::create(ledger_capacities);
  ASSERT_TRUE(datapath);
  const auto installed = (*datapath)->install(compiled);
  ASSERT_TRUE(installed) << installed.error().message;
  const Snapshot& snapshot = (*datapath)->snapshot();
  EXPECT_EQ(snapshot.services().all().size(), 2U);
  EXPECT_EQ(snapshot.backend(0).flags, GW_BACKEND_RESOLVED);
  EXPECT_EQ(snapshot.backend(0).port, 1);
  EXPECT_EQ(snapshot.backend(1).flags, 0) << "nobody said how to reach it";
  EXPECT_EQ(snapshot.backend(2).family, 6);
  EXPECT_EQ(compiled.tables.size(), 1U) << "both addresses share one table";
}

TEST(Ledger, IndexesStayAndFreeOnesGoRound) {
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2")}), {}, 0));
  EXPECT_EQ(ledger.find({"web", "10.0.0.1"})->index, 0U);
  EXPECT_EQ(ledger.find({"web", "10.0.0.2"})->index, 1U);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.2"), backend("10.0.0.0")}), {}, 10));
  EXPECT_EQ(ledger.find({"web", "10.0.0.2"})->index, 1U);
  EXPECT_EQ(ledger.find({"web", "10.0.0.0"})->index, 2U);
  EXPECT_TRUE(ledger.find({"web", "10.0.0.1"})->leaving);
}

TEST(Ledger, ABackendLeavesWhenNothingNamesIt) {
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2")}), {}, 0));
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.2")}), {}, 10));
  EXPECT_FALSE(ledger.retire(500, nothing_remembered)) << "its slots are still moving";
  const BackendFacts one_flow{nothing_remembered.alive, [](std::uint32_t index) { return index == 0 ? 1ULL : 0ULL; }};
  EXPECT_TRUE(ledger.retire(1010, one_flow)) << "slots are retired";
  EXPECT_NE(ledger.find({"web", "10.0.0.1"}), nullptr) << "but a flow remembers it";
  EXPECT_TRUE(ledger.retire(1011, nothing_remembered));
  EXPECT_EQ(ledger.find({"web", "10.0.0.1"}), nullptr);
  EXPECT_FALSE(ledger.retire(1012, nothing_remembered));
}

TEST(Ledger, OneRemovedAtOnceDoesNotWaitForFlows) {
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2")}), {}, 0));
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.2")}), {{"web", "10.0.0.1"}}, 10));
  EXPECT_TRUE(ledger.find({"web", "10.0.0.1"})->at_once);
  const BackendFacts dead{[](std::uint32_t index) { return index != 0; }, [](std::uint32_t) { return 5ULL; }};
  EXPECT_TRUE(ledger.retire(11, dead));
  EXPECT_EQ(ledger.find({"web", "10.0.0.1"}), nullptr);
}

TEST(Ledger, AReturningBackendGetsItsIndexBackWhileLeaving) {
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2")}), {}, 0));
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.2")}), {}, 10));
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2")}), {}, 20));
  EXPECT_EQ(ledger.find({"web", "10.0.0.1"})->index, 0U);
  EXPECT_EQ(ledger.find({"web", "10.0.0.1"})->generation, 1U);
  EXPECT_FALSE(ledger.find({"web", "10.0.0.1"})->leaving);
  EXPECT_EQ(ledger.moving_slots(), 0U);
}

TEST(Ledger, AnIndexGivenAgainHasANewGeneration) {
  constexpr Capacities two{.services_max = 8, .backends_max = 2, .flows_max = 64};
  Ledger ledger(two);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2")}), {}, 0));
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.2")}), {{"web", "10.0.0.1"}}, 10));
  const auto full = ledger.adopt(config_of({backend("10.0.0.2"), backend("10.0.0.3")}), {}, 11);
  ASSERT_FALSE(full);
  EXPECT_NE(full.error().message.find("--backends-max"), std::string::npos);
  EXPECT_EQ(ledger.find({"web", "10.0.0.3"}), nullptr) << "all or nothing";
  const BackendFacts dead{[](std::uint32_t index) { return index != 0; }, [](std::uint32_t) { return 0ULL; }};
  EXPECT_TRUE(ledger.retire(12, dead));
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.2"), backend("10.0.0.3")}), {}, 13));
  EXPECT_EQ(ledger.find({"web", "10.0.0.3"})->index, 0U);
  EXPECT_EQ(ledger.find({"web", "10.0.0.3"})->generation, 2U);
}

TEST(Ledger, TellsWhatChangedAndNothingElse) {
  Config config = config_of({backend("10.0.0.1"), backend("10.0.0.2")});
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(config, {}, 0));
  LedgerNews news = ledger.take_news();
  EXPECT_EQ(news.backends.size(), 2U);
  EXPECT_TRUE(news.population && news.checks && news.ways);
  config.pools[0].backends[0].weight = 5;
  ASSERT_TRUE(ledger.adopt(config, {}, 10));
  news = ledger.take_news();
  EXPECT_EQ(news.backends, (std::set<std::pair<BackendKey, std::uint32_t>>{{{"web", "10.0.0.1"}, 0}}));
  EXPECT_FALSE(news.population || news.checks || news.ways);
  config.pools[0].backends[1].mac = MacAddress::parse("02:00:00:00:00:09");
  ASSERT_TRUE(ledger.adopt(config, {}, 20));
  EXPECT_TRUE(ledger.take_news().ways);
  config.pools[0].slow_start_ms = 7;
  ASSERT_TRUE(ledger.adopt(config, {}, 30));
  EXPECT_EQ(ledger.take_news().backends.size(), 2U) << "all of the pool have it";
  ASSERT_TRUE(ledger.adopt(config, {}, 40));
  EXPECT_TRUE(ledger.take_news().backends.empty());
  config.pools[0].backends.pop_back();
  ASSERT_TRUE(ledger.adopt(config, {}, 50));
  EXPECT_TRUE(ledger.take_news().checks) << "one that leaves";
}

TEST(Ledger, FitsADatapathOrSaysWhatDoesNot) {
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2"), backend("10.0.0.3")}), {}, 0));
  const auto small = ledger.fit({.services_max = 8, .backends_max = 2, .flows_max = 64});
  ASSERT_FALSE(small);
  EXPECT_NE(small.error().message.find("--backends-max"), std::string::npos) << small.error().message;
  const auto few = ledger.fit({.services_max = 1, .backends_max = 16, .flows_max = 64});
  ASSERT_FALSE(few);
  EXPECT_NE(few.error().message.find("--services-max"), std::string::npos) << few.error().message;
  ASSERT_TRUE(ledger.fit({.services_max = 2, .backends_max = 3, .flows_max = 64}));
  EXPECT_FALSE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.4")}), {}, 1))
      << "the third has not left yet";
}

TEST(Ledger, PoolsOfTheSameNamesHaveTheSameOwners) {
  Config config = config_of({backend("10.0.0.1"), backend("10.0.0.2", 3)});
  PoolConfig other = std::as_const(config).pools[0];
  other.name = "other";
  config.pools.push_back(other);
  ServiceConfig service = std::as_const(config).services[0];
  service.name = service.pool = "other";
  service.addresses = {*IpAddress::parse("192.0.2.2")};
  config.services.push_back(service);
  Ledger both(ledger_capacities);
  ASSERT_TRUE(both.adopt(config, {}, 0));
  Ledger alone(ledger_capacities);
  ASSERT_TRUE(alone.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2", 3)}), {}, 0));
  const auto slots = [](const CompiledTable& table) {
    std::vector<gw_slot> list((table.bytes->size() - sizeof(gw_table_header)) / sizeof(gw_slot));
    std::memcpy(list.data(), table.bytes->data() + sizeof(gw_table_header), list.size() * sizeof(gw_slot));
    return list;
  };
  const auto tables = both.compile(1, {}).tables;
  ASSERT_EQ(tables.size(), 2U);
  const std::vector<gw_slot> expected = slots(alone.compile(1, {}).tables[0]);
  for (std::uint32_t i = 0; i < expected.size(); ++i) {
    // Pools in the order of their names: "other" has indexes 0 and 1 (given out first), "web" 2 and 3.
    const std::uint32_t index = both.find({"other", "10.0.0.1"})->index;
    const std::uint32_t web = both.find({"web", "10.0.0.1"})->index;
    ASSERT_EQ(slots(tables[0])[i].current_backend, expected[i].current_backend + index) << i;
    ASSERT_EQ(slots(tables[1])[i].current_backend, expected[i].current_backend + web) << i;
  }
}

TEST(Ledger, AnUnchangedTableKeepsItsBytes) {
  Config config = config_of({backend("10.0.0.1"), backend("10.0.0.2")});
  ServiceConfig other = config.services[0];
  other.name = "other";
  other.addresses = {*IpAddress::parse("192.0.2.2")};
  other.pool = "other";
  config.services.push_back(other);
  PoolConfig pool = config.pools[0];
  pool.name = "other";
  pool.backends.push_back(backend("10.0.0.9"));
  config.pools.push_back(pool);
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(config, {}, 0));
  const Compiled before = ledger.compile(1, {});
  config.pools[0].backends.push_back(backend("10.0.0.3"));
  ASSERT_TRUE(ledger.adopt(config, {}, 10));
  const Compiled after = ledger.compile(2, {});
  std::size_t shared = 0;
  for (const CompiledTable& a : before.tables) {
    for (const CompiledTable& b : after.tables) shared += a.bytes == b.bytes ? 1 : 0;
  }
  EXPECT_EQ(shared, 1U) << "neither rebuilt nor copied";
}

Config with_backup() {
  Config config = config_of({backend("10.0.0.1"), backend("10.0.0.2")});
  PoolConfig sorry;
  sorry.name = "sorry";
  sorry.backends = {backend("10.0.9.1")};
  config.pools.front().backup_pool = "sorry";
  config.pools.insert(config.pools.begin(), sorry);
  return config;
}

// The slots of the one table, each with what it has now and what unknown flows are taken to have.
std::vector<gw_slot> slots_of(const Ledger& ledger) {
  const Compiled compiled = ledger.compile(1, {});
  const auto& bytes = *compiled.tables.at(0).bytes;
  std::vector<gw_slot> slots((bytes.size() - sizeof(gw_table_header)) / sizeof(gw_slot));
  std::memcpy(slots.data(), bytes.data() + sizeof(gw_table_header), slots.size() * sizeof(gw_slot));
  return slots;
}

// Taking over and giving back move `current` only: whoever lives keeps the flows he has, both ways.
TEST(Ledger, ABackupTakesOverAsAChangeOfMembers) {
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(with_backup(), {}, 0));
  const std::uint32_t sorry = ledger.find({"sorry", "10.0.9.1"})->index;
  const std::vector<gw_slot> original = slots_of(ledger);
  for (const gw_slot& slot : original)
    ASSERT_NE(slot.current_backend, sorry) << "it costs nothing while it is not needed";
  EXPECT_TRUE(ledger.set_serving({{"web", "sorry"}}, 1000));
  EXPECT_FALSE(ledger.set_serving({{"web", "sorry"}}, 1000)) << "said once";
  std::vector<gw_slot> slots = slots_of(ledger);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    ASSERT_EQ(slots[i].current_backend, sorry);
    ASSERT_EQ(slots[i].home_backend, original[i].home_backend) << "flows of the living stay";
  }
  // One of the two is dead: its slots are the backup's at once.
  const std::uint32_t dead = ledger.find({"web", "10.0.0.1"})->index;
  const BackendFacts facts{[&](std::uint32_t index) { return index != dead; }, nothing_remembered.remembered};
  EXPECT_TRUE(ledger.retire(1001, facts));
  slots = slots_of(ledger);
  for (std::size_t i = 0; i < slots.size(); ++i)
    ASSERT_EQ(slots[i].home_backend, original[i].home_backend == dead ? sorry : original[i].home_backend);
  EXPECT_TRUE(ledger.set_serving({}, 1500));
  slots = slots_of(ledger);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    ASSERT_EQ(slots[i].current_backend, original[i].current_backend);
    ASSERT_EQ(slots[i].home_backend, original[i].home_backend == dead ? sorry : original[i].home_backend)
        << "flows of the backup stay, too";
  }
  EXPECT_TRUE(ledger.retire(2501, nothing_remembered));
  EXPECT_EQ(ledger.moving_slots(), 0U);
}

TEST(Ledger, WhoServesOutlivesARestartAndNotItsConfiguration) {
  Ledger ledger(ledger_capacities);
  ASSERT_TRUE(ledger.adopt(with_backup(), {}, 0));
  ASSERT_TRUE(ledger.set_serving({{"web", "sorry"}}, 0));
  auto restarted = Ledger::load(ledger.save(), ledger_capacities);
  ASSERT_TRUE(restarted);
  ASSERT_TRUE(restarted->adopt(with_backup(), {}, 10));
  EXPECT_EQ(restarted->serving(), ledger.serving());
  EXPECT_EQ(restarted->compile(1, {}).tables.at(0).id, ledger.compile(1, {}).tables.at(0).id);
  Config without = with_backup();
  without.pools.back().backup_pool.clear();
  ASSERT_TRUE(restarted->adopt(without, {}, 20));
  EXPECT_TRUE(restarted->serving().empty());
  EXPECT_TRUE(ledger.set_serving({{"web", "nobody"}, {"sorry", "web"}}, 30));
  EXPECT_TRUE(ledger.serving().empty()) << "only a backup of its own serves for a pool";
}

}  // namespace
}  // namespace guideway
