// SPDX-License-Identifier: Apache-2.0
// Random edits of services, pools and backends, one upon the other: each is refused with a sentence, or leaves a
// configuration that is valid and that can be said, as it is saved and exported so.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include <nlohmann/json.hpp>

#include "controlplane/config/edited.hh"
#include "controlplane/config/keys.hh"
#include "controlplane/config/load.hh"
#include "controlplane/config/validate.hh"

namespace guideway {
namespace {

using nlohmann::json;
using Random = std::mt19937;

Config config_to_edit_at_random() {
  auto loaded = load_config_text(R"(
hash_key = "00112233445566778899aabbccddeeff"
[[service]]
name = "web"
address = "192.0.2.10"
port = 80
check = { http = "/healthz" }
backends = [
  { name = "a", address = "10.0.0.1" },
  { name = "b", address = "10.0.0.2", weight = 3, check = { rise = 5 } },
  { name = "c", address = "10.0.0.3", check = ["tcp", { type = "redis", password = "x" }] },
]
[[service]]
name = "dns"
address = "192.0.2.53"
port = 53
protocol = "udp"
pool = "p"
[[service]]
name = "both"
address = "192.0.2.54"
port = 53
protocol = "tcp+udp"
pool = "p"
[[pool]]
name = "p"
forward = "gue"
backends = [{ name = "d", address = "10.0.1.1" }, { name = "e", address = "10.0.1.2", forward = "l2" }]
)",
                                 "random.toml");
  EXPECT_TRUE(loaded) << text_of(loaded.error());
  return loaded.value_or(Config{});
}

// What a key may be given, right and wrong; null for all.
const std::map<std::string, json>& values() {
  static const std::map<std::string, json> all = json::parse(R"({
    "check": ["tcp", "none", "icmp", {"http": "/a"}, {"type": "dns", "query": "x"}, {"interval": "500ms"},
              {"port": 81}, {"type": "redis", "password": "p"}, ["tcp", {"http": "/"}], [], "bogus",
              {"type": "program", "program": "/bin/true"}, {"through": "service"}, {"rise": 3}, {"fall": 0},
              {"type": "udp", "send": "a", "expect": "b"}, {"tls": true}, {"type": "tcp", "expect": "x"}],
    "checks": ["all", "any", "x"], "weight": [0, 1, 5, 70000],
    "forward": ["l2", "ipip", "gue", "gre", "l3dsr", "x"], "gue_port": [1, 6080, 7000, 0], "gue_variant": [0, 1],
    "gre_key": [0, 7], "mss_clamp": [true, false], "slow_start": ["10s", "0s"], "flap_hold": ["0s", "10s", "1h"],
    "flap_hold_max": ["1s", "5m"], "panic_percent": [0, 50, 101], "quorum": [1, 2],
    "quorum_up": [[], ["/bin/true"]], "quorum_down": [["/bin/true", "x"]], "quorum_hook_timeout": ["1s"],
    "load_feedback": ["off", "latency"], "backup_pool": ["p", "web", "", "nobody"],
    "address": ["192.0.2.99", "10.0.9.9", "192.0.2.0/24", "x"],
    "addresses": [["192.0.2.88"], ["192.0.2.77", "2001:db8::1"], []], "port": [80, 53, 0, "any", "8000-8010", 99999],
    "protocol": ["tcp", "udp", "tcp+udp"], "pool": ["p", "web"],
    "scheduler": ["maglev", "source", "round-robin", "random", "least-connections"], "source_bits_ipv4": [24, 40],
    "source_bits_ipv6": [64], "when_none": ["drop", "reject", "fail-open"], "udp": ["follow", "hash", "packet"],
    "dscp": [5, 70], "allow": [["10.0.0.0/8"], []], "deny": [["10.1.0.0/16"]], "new_flows_per_second": [100, 0],
    "new_flows_burst": [10], "source_flows_per_second": [5], "source_flows_burst": [9],
    "source_flows_bits_ipv4": [24], "source_flows_bits_ipv6": [48], "table_slots": [251, 65537, 252],
    "idle_timeout": ["5m", "1s", "x"], "opening_timeout": ["5s"], "closing_timeout": ["5s"],
    "udp_idle_timeout": ["50s"], "udp_opening_timeout": ["9s"], "mac": ["02:00:00:00:00:01", "x"], "vlan": [5, 5000],
    "state": ["enabled", "draining", "disabled"], "name": ["q"], "backends": [[]]})");
  return all;
}

template <typename List>
const auto& one_of(const List& list, Random& random) {
  return list[random() % list.size()];
}

template <typename Keys>
json random_keys(const Keys& keys, Random& random) {
  json result = json::object();
  for (std::size_t count = 1 + random() % 3; count > 0; --count) {
    const std::string key(one_of(keys, random));
    result[key] = random() % 4 == 0 ? json(nullptr) : one_of(values().at(key), random);
  }
  return result;
}

template <typename T>
T* named(SharedList<T>& list, const std::string& name) {
  return &*std::find_if(list.begin(), list.end(), [&](const T& each) { return each.name == name; });
}

// The configuration after a random edit, or why there is none.
Result<Config> edited(const Config& before, Random& random, std::string& what) {
  Config after = before;
  const auto note = [&](const std::string& name, const json& keys) { what = name + " " + keys.dump(); };
  const auto kind = random() % 3;
  if (kind == 0) {
    const std::string name = one_of(std::vector<std::string>{"web", "dns", "both"}, random);
    const json keys = random_keys(keys::service, random);
    note(name, keys);
    auto service = edited_service(keys, name, before);
    if (!service) return failure_of(service);
    *named(after.services, name) = service->service;
    *named(after.pools, service->pool.name) = service->pool;
  } else if (kind == 1) {
    const std::string name = one_of(std::vector<std::string>{"web", "p"}, random);
    const json keys = random_keys(keys::pool, random);
    note("pool " + name, keys);
    auto pool = edited_pool(keys, name, before);
    if (!pool) return failure_of(pool);
    *named(after.pools, name) = *pool;
  } else {
    const std::string name = one_of(std::vector<std::string>{"a", "b", "c", "d", "e"}, random);
    const std::string pool = name < "d" ? "web" : "p";
    const json keys = random_keys(keys::backend, random);
    note("backend " + name, keys);
    auto backend = edited_backend(keys, pool, name, before);
    if (!backend) return failure_of(backend);
    *named(named(after.pools, pool)->backends, name) = *backend;
  }
  if (auto valid = validate(after); !valid) return failure_of(valid);
  return after;
}

TEST(RandomEdits, LeaveWhatCanBeSaid) {
  std::size_t made = 0;
  std::size_t refused = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    Config now = config_to_edit_at_random();
    for (int i = 0; i < 200; ++i) {
      std::string what;
      auto next = edited(now, random, what);
      if (!next) {
        EXPECT_FALSE(next.error().message.empty()) << what;
        ++refused;
        continue;
      }
      ++made;
      const auto again = config_from_json(to_json(*next));
      ASSERT_TRUE(again) << "seed " << seed << ", " << what << ": " << again.error().message;
      ASSERT_EQ(to_json(*again), to_json(*next)) << "seed " << seed << ", " << what;
      ASSERT_TRUE(*again == *next) << "seed " << seed << ", " << what;
      now = std::move(*next);
    }
  }
  EXPECT_GT(made, 1000U);
  EXPECT_GT(refused, 500U);
}

}  // namespace
}  // namespace guideway
