// SPDX-License-Identifier: Apache-2.0
#include "controlplane/compile/ledger.hh"

#include <gtest/gtest.h>

#include <cstring>

#include "controlplane/replay/memory_datapath.hh"

namespace guideway {
namespace {

constexpr Capacities capacities{.services_max = 8, .backends_max = 16, .flows_max = 64};

BackendConfig backend(const std::string& address, std::uint32_t weight = 1) {
  BackendConfig config;
  config.name = address;
  config.address = *IpAddress::parse(address);
  config.weight = weight;
  return config;
}

Config config_of(std::vector<BackendConfig> backends) {
  Config config;
  PoolConfig pool;
  pool.name = "web";
  pool.backends = std::move(backends);
  ServiceConfig service;
  service.name = "web";
  service.addresses = {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")};
  service.port = 80;
  service.pool = "web";
  service.table_slots = 251;
  service.idle_timeout_ms = 1000;
  config.pools = {pool};
  config.services = {service};
  return config;
}

const BackendFacts nothing_remembered{[](std::uint32_t) { return true; }, [](std::uint32_t) { return 0ULL; }};

TEST(Ledger, WhatItCompilesIsAccepted) {
  Ledger ledger(capacities);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2"), backend("2001:db8::2")}), {}, 0));
  Reachability reach;
  reach.port = 1;
  const Compiled compiled = ledger.compile(1, {{0, reach}});
  auto datapath = MemoryDatapath::create(capacities);
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
  Ledger ledger(capacities);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2")}), {}, 0));
  EXPECT_EQ(ledger.find({"web", "10.0.0.1"})->index, 0U);
  EXPECT_EQ(ledger.find({"web", "10.0.0.2"})->index, 1U);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.2"), backend("10.0.0.0")}), {}, 10));
  EXPECT_EQ(ledger.find({"web", "10.0.0.2"})->index, 1U);
  EXPECT_EQ(ledger.find({"web", "10.0.0.0"})->index, 2U);
  EXPECT_TRUE(ledger.find({"web", "10.0.0.1"})->leaving);
}

TEST(Ledger, ABackendLeavesWhenNothingNamesIt) {
  Ledger ledger(capacities);
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
  Ledger ledger(capacities);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2")}), {}, 0));
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.2")}), {{"web", "10.0.0.1"}}, 10));
  EXPECT_TRUE(ledger.find({"web", "10.0.0.1"})->at_once);
  const BackendFacts dead{[](std::uint32_t index) { return index != 0; }, [](std::uint32_t) { return 5ULL; }};
  EXPECT_TRUE(ledger.retire(11, dead));
  EXPECT_EQ(ledger.find({"web", "10.0.0.1"}), nullptr);
}

TEST(Ledger, AReturningBackendGetsItsIndexBackWhileLeaving) {
  Ledger ledger(capacities);
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

TEST(Ledger, SavedAndLoadedItCompilesTheSameBytes) {
  Ledger ledger(capacities);
  const Config config = config_of({backend("10.0.0.2", 3), backend("2001:db8::9")});
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1"), backend("10.0.0.2", 3)}), {}, 0));
  ASSERT_TRUE(ledger.adopt(config, {}, 10));
  auto loaded = Ledger::load(ledger.save(), capacities);
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_TRUE(loaded->adopt(config, {}, 500));
  const Compiled before = ledger.compile(7, {});
  const Compiled after = loaded->compile(7, {});
  EXPECT_EQ(before.snapshot, after.snapshot);
  ASSERT_EQ(before.tables.size(), after.tables.size());
  EXPECT_EQ(*before.tables[0].bytes, *after.tables[0].bytes);
  EXPECT_EQ(loaded->save(), ledger.save());
  EXPECT_TRUE(loaded->retire(1010, nothing_remembered)) << "the time of the change was kept, not that of the restart";
}

TEST(Ledger, ALeavingBackendKeepsItsCheckOverARestart) {
  Ledger ledger(capacities);
  BackendConfig checked = backend("10.0.0.1");
  checked.check.kind = CheckKind::http;
  checked.check.port = 8080;
  checked.check.path = "/alive";
  checked.mac = MacAddress::parse("02:00:00:00:00:09");
  ASSERT_TRUE(ledger.adopt(config_of({checked, backend("10.0.0.2")}), {}, 0));
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.2")}), {}, 10));
  auto loaded = Ledger::load(ledger.save(), capacities);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->find({"web", "10.0.0.1"})->config, checked);
}

TEST(Ledger, DamageIsASentence) {
  Ledger ledger(capacities);
  ASSERT_TRUE(ledger.adopt(config_of({backend("10.0.0.1")}), {}, 0));
  const std::string saved = ledger.save();
  EXPECT_FALSE(Ledger::load("", capacities));
  EXPECT_FALSE(Ledger::load("{}", capacities));
  for (std::size_t length = 0; length < saved.size(); ++length)
    ASSERT_FALSE(Ledger::load(saved.substr(0, length), capacities)) << length;
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
  Ledger ledger(capacities);
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
  Ledger ledger(capacities);
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
  Ledger ledger(capacities);
  ASSERT_TRUE(ledger.adopt(with_backup(), {}, 0));
  ASSERT_TRUE(ledger.set_serving({{"web", "sorry"}}, 0));
  auto restarted = Ledger::load(ledger.save(), capacities);
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
