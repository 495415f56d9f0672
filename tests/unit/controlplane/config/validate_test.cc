// SPDX-License-Identifier: Apache-2.0
// Checks across a configuration, on values that were edited rather than read.
#include "controlplane/config/validate.hh"

#include <functional>

#include <gtest/gtest.h>

#include "controlplane/config/load.hh"

namespace guideway {
namespace {

Config good() {
  const auto config = load_config_text(R"(hash_key = "00112233445566778899aabbccddeeff"
[[service]]
name = "a"
address = "192.0.2.1"
port = 80
backends = ["10.0.0.1", "10.0.0.2"]
[[service]]
name = "b"
address = "192.0.2.1"
port = 81
backends = ["10.0.0.1"]
)",
                                       "good.toml");
  EXPECT_TRUE(config.has_value()) << text_of(config.error());
  return config.value_or(Config{});
}

TEST(Validate, AcceptsWhatWasLoaded) { EXPECT_TRUE(validate(good()).has_value()); }

TEST(Validate, NamesWhatDoesNotFitTogether) {
  struct Row {
    const char* what;
    std::function<void(Config&)> spoil;
    const char* key;
  };
  const Row rows[] = {
      {"a port taken twice", [](Config& c) { c.services[1].port = 80; }, "service.b.addresses"},
      {"a service name twice", [](Config& c) { c.services[1].name = "a"; }, "service.a"},
      {"a pool name twice", [](Config& c) { c.pools[1].name = "a"; }, "pool.a"},
      {"a missing pool", [](Config& c) { c.services[1].pool = "c"; }, "service.b.pool"},
      {"no address", [](Config& c) { c.services[1].addresses.clear(); }, "service.b"},
      {"no weight", [](Config& c) { c.pools[1].backends[0].weight = 0; }, "pool.b.backends"},
      {"too much weight", [](Config& c) { c.pools[1].backends[0].weight = 65536; }, "pool.b.backends[10.0.0.1].weight"},
      {"a backend name twice", [](Config& c) { c.pools[0].backends[1].name = "10.0.0.1"; },
       "pool.a.backends[10.0.0.1]"},
      {"a backend address twice", [](Config& c) { c.pools[0].backends[1].address = c.pools[0].backends[0].address; },
       "pool.a.backends[10.0.0.2]"},
      {"round robin that remembers nothing",
       [](Config& c) {
         c.services[0].protocol = Protocol::udp;
         c.services[0].udp = UdpMode::hash;
         c.services[0].scheduler = Scheduler::round_robin;
       },
       "service.a.udp"},
      {"slots not prime", [](Config& c) { c.services[0].table_slots = 1000; }, "service.a.table_slots"},
      {"a check without a port", [](Config& c) { c.pools[0].backends[0].check.port = 0; },
       "pool.a.backends[10.0.0.1].check"},
      {"a backend that is the service",
       [](Config& c) { c.pools[0].backends[0].address = c.services[0].addresses[0].address; },
       "pool.a.backends[10.0.0.1]"},
      {"one socket for two", [](Config& c) { c.api = c.door; }, "api"},
  };
  for (const Row& row : rows) {
    Config config = good();
    row.spoil(config);
    const auto findings = cross_check(config);
    ASSERT_FALSE(findings.empty()) << row.what;
    EXPECT_EQ(findings.front().key, row.key) << row.what << ": " << findings.front().message;
    EXPECT_FALSE(validate(config).has_value());
  }
}

TEST(Validate, MoreBackendsThanSlotsAreRefused) {
  Config config = good();
  config.services[0].table_slots = 251;
  auto& backends = config.pools[0].backends;
  backends.clear();
  for (std::uint8_t i = 0; i < 252; ++i) {
    BackendConfig backend;
    backend.address.bytes = {10, 0, 1, i};
    backend.name = backend.address.text();
    backend.check.kind = CheckKind::none;
    backends.push_back(backend);
  }
  ASSERT_FALSE(validate(config).has_value());
  EXPECT_NE(validate(config).error().message.find("251 slots are fewer than the 252 backends"), std::string::npos);
  backends.back().weight = 0;
  EXPECT_TRUE(validate(config).has_value()) << "a backend without weight takes no slot";
}

TEST(Validate, PrimesAndNames) {
  EXPECT_TRUE(is_prime(65537));
  EXPECT_TRUE(is_prime(5'000'011));
  EXPECT_TRUE(is_prime(251));
  EXPECT_FALSE(is_prime(65536));
  EXPECT_FALSE(is_prime(251 * 251));
  EXPECT_FALSE(is_prime(1));
  EXPECT_TRUE(is_name("fd00::1"));
  EXPECT_FALSE(is_name(""));
  EXPECT_FALSE(is_name("a b"));
  EXPECT_FALSE(is_name("a/b"));
  EXPECT_FALSE(is_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace guideway
