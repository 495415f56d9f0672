// SPDX-License-Identifier: Apache-2.0
// Changes of every kind at random, one upon the other: from the rows of the snapshot before, a snapshot has the very
// bytes that it has from nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "controlplane/compile/ledger.hh"

namespace guideway {
namespace {

using Random = std::mt19937;

constexpr Capacities box_capacities{.services_max = 64, .backends_max = 64, .flows_max = 64};

IpAddress address(unsigned number) { return *IpAddress::parse("10.0.0." + std::to_string(1 + number % 250)); }

// Pools of services, and one that nobody uses.
Config initial() {
  Config config;
  for (unsigned number = 0; number < 6; ++number) {
    PoolConfig pool;
    pool.name = "p" + std::to_string(number);
    for (unsigned backend = 0; backend < 4; ++backend) {
      BackendConfig one;
      one.name = "b" + std::to_string(backend);
      one.address = address(number * 10 + backend);
      pool.backends.push_back(one);
    }
    config.pools.push_back(pool);
    ServiceConfig service;
    service.name = "s" + std::to_string(number);
    service.addresses = {*IpAddress::parse("192.0.2." + std::to_string(number + 1))};
    service.port = 80;
    service.pool = pool.name;
    service.table_slots = 251;
    service.idle_timeout_ms = 1000;
    if (number != 5) config.services.push_back(service);
  }
  return config;
}

class Box {
 public:
  explicit Box(unsigned seed) : random_(seed) {}

  // A change of the configuration, of what is known of the ways, or of what time does.
  void change() {
    now_ms_ += below(400);
    const unsigned kind = below(10);
    if (kind == 0) return find_ways();
    if (kind == 1) {
      ledger_.retire(now_ms_, {[this](std::uint32_t) { return below(8) != 0; }, [](std::uint32_t) { return 0ULL; }});
      return find_ways();
    }
    if (kind == 2) {
      ledger_.set_serving(below(2) == 0 ? Serving{} : Serving{{"p0", "p1"}}, now_ms_);
      return;
    }
    if (kind == 3) {
      change_service(config_.services[below(config_.services.size())]);
    } else if (kind == 4) {
      change_pools();
    } else {
      change_backends(config_.pools[below(config_.pools.size())]);
    }
    ASSERT_TRUE(ledger_.adopt(config_, at_once_, now_ms_));
    // As the control plane does: backends that come or go are asked for anew.
    if (ledger_.take_news().population) find_ways();
  }

  void compare() {
    const Compiled from_nothing = ledger_.compile(++generation_, *ways_);
    const Compiled from_before = ledger_.recompile(generation_, ways_);
    ASSERT_EQ(from_before.generation, from_nothing.generation);
    ASSERT_EQ(from_before.snapshot, from_nothing.snapshot);
    ASSERT_EQ(from_before.tables.size(), from_nothing.tables.size());
    for (std::size_t i = 0; i < from_nothing.tables.size(); ++i)
      ASSERT_EQ(from_before.tables[i].bytes, from_nothing.tables[i].bytes);
  }

  void restart() {
    auto loaded = Ledger::load(ledger_.save(), box_capacities);
    ASSERT_TRUE(loaded) << loaded.error().message;
    ledger_ = std::move(*loaded);
    ASSERT_TRUE(ledger_.adopt(config_, {}, now_ms_));
  }

  [[nodiscard]] bool has_room() const { return ledger_.backends().size() < box_capacities.backends_max - 4; }

 private:
  using Serving = std::map<std::string, std::string>;

  unsigned below(std::size_t limit) { return static_cast<unsigned>(random_() % limit); }

  void find_ways() {
    ReachabilityByIndex ways;
    for (const auto& [key, record] : ledger_.backends()) {
      if (below(4) == 0) continue;
      Reachability way;
      way.port = static_cast<std::uint8_t>(below(2));
      way.next_hop_mac.bytes[5] = static_cast<std::uint8_t>(below(250));
      ways[record.index] = way;
    }
    ways_ = std::make_shared<const ReachabilityByIndex>(std::move(ways));
  }

  void change_service(ServiceConfig& service) {
    const unsigned kind = below(5);
    if (kind == 0) service.pool = std::as_const(config_).pools[below(config_.pools.size())].name;
    if (kind == 1) service.table_slots = below(2) == 0 ? 251 : 257;
    if (kind == 2) service.idle_timeout_ms = 1000 * (1 + below(5));
    if (kind == 3) service.access.deny = {AddressPrefix(address(below(4)))};
    if (kind == 4 && service.addresses.size() == 1)
      service.addresses.emplace_back(*IpAddress::parse("2001:db8::" + service.name.substr(1) + "1"));
  }

  void change_pools() {
    if (config_.pools.size() > 6) {
      config_.pools.pop_back();
      return;
    }
    PoolConfig pool = std::as_const(config_).pools[below(5)];
    pool.name = "z";
    pool.slow_start_ms = below(3);
    if (below(2) == 0)
      config_.pools.push_back(pool);
    else
      config_.pools[below(6)].slow_start_ms = below(1000);
    if (below(4) == 0) config_.pools[0].backup_pool = "p1";
  }

  void change_backends(PoolConfig& pool) {
    at_once_.clear();
    const unsigned kind = below(6);
    if (kind == 0 && pool.backends.size() > 1) {
      const auto leaves = pool.backends.begin() + below(pool.backends.size());
      if (below(2) == 0) at_once_.insert({pool.name, leaves->name});
      pool.backends.erase(leaves);
    } else if (kind == 1 && has_room()) {
      BackendConfig one;
      one.name = "b" + std::to_string(below(9));
      one.address = address(below(200));
      const auto place = std::lower_bound(pool.backends.begin(), pool.backends.end(), one.name,
                                          [](const auto& each, const auto& name) { return each.name < name; });
      if (place == pool.backends.end() || place->name != one.name) pool.backends.insert(place, one);
    } else {
      BackendConfig& one = pool.backends[below(pool.backends.size())];
      if (kind == 2) one.address = address(below(200));
      if (kind == 3) {
        one.vlan = static_cast<std::uint16_t>(1 + below(3));
        one.mac.emplace().bytes[5] = 1;
      }
      if (kind == 4) one.administrative = Administrative::draining;
      if (kind == 5) one.weight = 1 + below(9);
    }
  }

  Random random_;
  Config config_ = initial();
  std::set<BackendKey> at_once_;
  Ledger ledger_{box_capacities};
  std::shared_ptr<const ReachabilityByIndex> ways_ = std::make_shared<const ReachabilityByIndex>();
  std::int64_t now_ms_ = 0;
  std::uint64_t generation_ = 0;
};

TEST(Recompile, HasTheBytesOfACompileFromNothing) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Box box(seed);
    for (unsigned step = 0; step < 150; ++step) {
      ASSERT_NO_FATAL_FAILURE(box.change()) << "seed " << seed << ", step " << step;
      // Changes come in crowds, too.
      if (step % 3 != 2) {
        ASSERT_NO_FATAL_FAILURE(box.compare()) << "seed " << seed << ", step " << step;
      }
      if (step % 50 == 49) {
        ASSERT_NO_FATAL_FAILURE(box.restart()) << "seed " << seed << ", step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace guideway
