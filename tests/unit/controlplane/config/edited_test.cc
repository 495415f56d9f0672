// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/edited.hh"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "controlplane/config/diff.hh"
#include "controlplane/config/load.hh"
#include "controlplane/config/validate.hh"

namespace guideway {
namespace {

using nlohmann::json;

// web has a pool of its own, dns and dns-tcp share one.
Config config_to_edit() {
  auto loaded = load_config_text(R"(
hash_key = "00112233445566778899aabbccddeeff"

[[service]]
name = "web"
address = "192.0.2.10"
port = 80
idle_timeout = "10m"
new_flows_per_second = 100
check = { http = "/health", interval = "1s" }
backends = [
  { name = "a", address = "10.0.0.1" },
  { name = "b", address = "10.0.0.2", weight = 5, check = { rise = 7 } },
  { name = "c", address = "10.0.0.3", check = { type = "tcp", port = 9000 } },
]

[[service]]
name = "dns"
address = "192.0.2.53"
port = 53
protocol = "udp"
pool = "shared"

[[service]]
name = "dns-tcp"
address = "192.0.2.53"
port = 53
pool = "shared"

[[pool]]
name = "shared"
forward = "gue"
gue_port = 7000
backends = [ { name = "d", address = "10.0.0.4" }, { name = "e", address = "10.0.0.5", forward = "l2" } ]
)",
                                 "test.toml");
  EXPECT_TRUE(loaded) << text_of(loaded.error());
  return loaded.value_or(Config{});
}

template <typename T>
void put(SharedList<T>& list, const T& value) {
  *std::find_if(list.begin(), list.end(), [&](const T& each) { return each.name == value.name; }) = value;
}

// What an edit of a service changes, line by line; or its refusal.
std::vector<std::string> changes(const Config& before, const Config& after) {
  EXPECT_TRUE(validate(after)) << validate(after).error().message;
  // What runs is saved as JSON: it must be possible to say it.
  const auto again = config_from_json(to_json(after));
  EXPECT_TRUE(again && *again == after) << (again ? "another configuration" : again.error().message);
  std::vector<std::string> lines;
  for (const Change& change : diff(before, after)) lines.push_back(change.text);
  return lines;
}

using Lines = std::vector<std::string>;

Lines edit_service(const std::string& name, const json& keys, const Config& before = config_to_edit()) {
  const auto edited = edited_service(keys, name, before);
  if (!edited) return {edited.error().message};
  Config after = before;
  put(after.services, edited->service);
  put(after.pools, edited->pool);
  return changes(before, after);
}

Lines edit_pool(const std::string& name, const json& keys) {
  const Config before = config_to_edit();
  const auto edited = edited_pool(keys, name, before);
  if (!edited) return {edited.error().message};
  Config after = before;
  put(after.pools, *edited);
  return changes(before, after);
}

Lines edit_backend(const std::string& pool, const std::string& name, const json& keys) {
  const Config before = config_to_edit();
  const auto edited = edited_backend(keys, pool, name, before);
  if (!edited) return {edited.error().message};
  Config after = before;
  for (PoolConfig& each : after.pools) {
    if (each.name == pool) put(each.backends, *edited);
  }
  return changes(before, after);
}

TEST(EditedService, ChangesItsKeysAndNoOther) {
  EXPECT_EQ(edit_service("web", {{"idle_timeout", "5m"}}), Lines{"service web: idle_timeout 10m -> 5m"});
  EXPECT_EQ(edit_service("web", {{"when_none", "reject"}, {"deny", {"203.0.113.0/24"}}}),
            (Lines{"service web: deny none -> 203.0.113.0/24", "service web: when_none drop -> reject"}));
  EXPECT_EQ(edit_service("web", {{"idle_timeout", "10m"}}), Lines{}) << "it is so already";
  EXPECT_EQ(edit_service("web", {{"idle_timeout", nullptr}}), Lines{"service web: idle_timeout 10m -> 15m"});
  EXPECT_EQ(edit_service("web", {{"address", "192.0.2.11"}}), Lines{"service web: addresses 192.0.2.10 -> 192.0.2.11"});
}

TEST(EditedService, ALimitTakesItsBurstAlong) {
  EXPECT_EQ(edit_service("web", {{"new_flows_per_second", 500}}),
            (Lines{"service web: new_flows_burst 100 -> 500", "service web: new_flows_per_second 100 -> 500"}));
  EXPECT_EQ(edit_service("web", {{"new_flows_per_second", nullptr}}),
            (Lines{"service web: new_flows_burst 100 -> none", "service web: new_flows_per_second 100 -> none"}));
}

TEST(EditedService, AnotherProtocolHasItsOwnTimeouts) {
  const Lines lines = edit_service("web", {{"protocol", "udp"}, {"check", "tcp"}});
  EXPECT_NE(std::find(lines.begin(), lines.end(), "service web: idle_timeout 10m -> 1m"), lines.end());
  EXPECT_NE(std::find(lines.begin(), lines.end(), "service web: closing_timeout 30s -> none"), lines.end());
}

TEST(EditedService, ItsPoolsCheckIsRefinedAndBackendsFollowThatSayNothingElse) {
  EXPECT_EQ(edit_service("web", {{"check", {{"http", "/ready"}}}}),
            (Lines{"pool web: check path /health -> /ready", "pool web: backend a check path /health -> /ready"}))
      << "b and c have checks of their own; the interval stays";
  const Lines port = edit_service("web", {{"port", 8080}});
  EXPECT_EQ(port, (Lines{"service web: port 80 -> 8080", "pool web: backend a check port 80 -> 8080",
                         "pool web: backend b check port 80 -> 8080"}))
      << "c names its own";
}

TEST(EditedService, SeveralChecksReplaceOne) {
  const auto edited = edited_service(
      {{"check", json::array({json{{"http", "/ready"}}, json{{"type", "tcp"}, {"port", 8443}}})}, {"checks", "any"}},
      "web", config_to_edit());
  ASSERT_TRUE(edited) << edited.error().message;
  const BackendConfig& a = edited->pool.backends[0];
  ASSERT_EQ(check_count(a), 2U);
  EXPECT_EQ(a.check.path, "/ready");
  EXPECT_EQ(a.check.interval_ms, 1000U) << "each refines the one that was there";
  EXPECT_EQ(a.further_checks[0].port, 8443);
  EXPECT_EQ(a.checks, CheckRule::any);
}

TEST(EditedService, RefusesWhatIsNotItsOwn) {
  const auto first = [](const Lines& lines) { return lines.empty() ? "nothing" : lines.front(); };
  EXPECT_EQ(first(edit_service("nobody", {{"udp", "hash"}})), "there is no service \"nobody\"");
  EXPECT_EQ(first(edit_service("dns", {{"check", "tcp"}})),
            "service.dns.check: belongs to pool shared, which the service shares; use pool edit shared");
  EXPECT_EQ(first(edit_service("web", {{"name", "shop"}})),
            "service.web.name: cannot be changed; add a service of that name, and remove this one");
  EXPECT_EQ(first(edit_service("web", {{"backends", json::array()}})),
            "service.web.backends: cannot be changed; use backend add, backend edit and backend remove");
  EXPECT_EQ(first(edit_service("web", {{"pool", "shared"}})),
            "service.web.pool: the service has a pool of its own, which would be lost; remove it and add it again");
  EXPECT_EQ(first(edit_service("web", {{"idle_timeuot", "5m"}})),
            "service.web.idle_timeuot: is not a known key; did you mean \"idle_timeout\"?");
  EXPECT_EQ(first(edit_service("web", {{"idle_timeuot", nullptr}})), "service.web.idle_timeuot: is not a known key");
  EXPECT_EQ(first(edit_service("web", {{"port", nullptr}})),
            "service.web: has no port; add port = 80, or port = \"any\"");
  EXPECT_EQ(first(edit_service("web", json::object())), "service.web: give an object with at least one key to change");
}

TEST(EditedPool, BackendsFollowThatSayNothingElse) {
  EXPECT_EQ(edit_pool("web", {{"weight", 3}}), (Lines{"pool web: weight 1 -> 3", "pool web: backend a weight 1 -> 3",
                                                      "pool web: backend c weight 1 -> 3"}));
  EXPECT_EQ(edit_pool("shared", {{"gue_port", 7001}}),
            (Lines{"pool shared: gue_port 7000 -> 7001", "pool shared: backend d gue_port 7000 -> 7001"}));
  EXPECT_EQ(edit_pool("shared", {{"gue_port", nullptr}}),
            (Lines{"pool shared: gue_port 7000 -> 6080", "pool shared: backend d gue_port 7000 -> 6080"}));
  EXPECT_EQ(edit_pool("web", {{"slow_start", "30s"}, {"quorum", 2}}),
            (Lines{"pool web: quorum 1 -> 2", "pool web: slow_start 0s -> 30s"}));
}

TEST(EditedPool, ABackendFollowsInEachKeyOfItsTunnel) {
  const Config before = config_to_edit();
  Config clamped = before;
  put(clamped.pools[0].backends, *edited_backend({{"forward", "gre"}, {"mss_clamp", true}}, "shared", "d", before));
  const auto edited = edited_pool({{"gre_key", 7}, {"mss_clamp", false}}, "shared", clamped);
  ASSERT_TRUE(edited) << edited.error().message;
  Config after = clamped;
  put(after.pools, *edited);
  EXPECT_EQ(changes(clamped, after),
            (Lines{"pool shared: gre_key none -> 7", "pool shared: backend d gre_key none -> 7"}))
      << "it cannot say that it has no key; its clamp is its own";
}

TEST(EditedPool, NullTakesACheckBack) {
  const auto edited = edited_pool({{"check", nullptr}}, "web", config_to_edit());
  ASSERT_TRUE(edited) << edited.error().message;
  EXPECT_EQ(edited->defaults->check.kind, CheckKind::tcp);
  EXPECT_EQ(edited->backends[0].check.kind, CheckKind::tcp);
  EXPECT_EQ(edited->backends[0].check.port, 80);
  EXPECT_EQ(edited->backends[1].check.rise, 7U) << "what a backend says stays";
}

TEST(EditedBackend, ChangesItsKeysAndNoOther) {
  EXPECT_EQ(edit_backend("web", "a", {{"weight", 9}}), Lines{"pool web: backend a weight 1 -> 9"});
  EXPECT_EQ(edit_backend("web", "b", {{"weight", nullptr}}), Lines{"pool web: backend b weight 5 -> 1"});
  EXPECT_EQ(edit_backend("web", "b", {{"check", {{"http", "/ready"}}}}),
            Lines{"pool web: backend b check path /health -> /ready"})
      << "rise stays";
  EXPECT_EQ(edit_backend("web", "b", {{"check", nullptr}}), Lines{"pool web: backend b check rise 7 -> 2"});
  EXPECT_EQ(edit_backend("web", "a", {{"address", "10.0.0.9"}}),
            Lines{"pool web: backend a address 10.0.0.1 -> 10.0.0.9"});
  EXPECT_EQ(edit_backend("web", "a", {{"port", 8080}}),
            (Lines{"pool web: backend a check port 80 -> 8080", "pool web: backend a port none -> 8080"}));
  EXPECT_EQ(edit_backend("web", "a", {{"mac", "02:00:00:00:00:01"}, {"vlan", 20}}),
            (Lines{"pool web: backend a mac none -> 02:00:00:00:00:01", "pool web: backend a vlan none -> 20"}));
}

TEST(EditedBackend, AnotherModeHasWhatThePoolSaysOfIt) {
  EXPECT_EQ(edit_backend("shared", "e", {{"forward", nullptr}}),
            (Lines{"pool shared: backend e forward l2 -> gue", "pool shared: backend e gue_port none -> 7000",
                   "pool shared: backend e gue_variant none -> 0", "pool shared: backend e mss_clamp none -> false"}));
}

TEST(EditedBackend, RefusesNonsense) {
  const auto first = [](const Lines& lines) { return lines.empty() ? "nothing" : lines.front(); };
  EXPECT_EQ(first(edit_backend("web", "z", {{"weight", 1}})), "pool \"web\" has no backend \"z\"");
  EXPECT_EQ(first(edit_backend("nowhere", "z", {{"weight", 1}})), "there is no pool \"nowhere\"");
  EXPECT_EQ(first(edit_backend("web", "a", {{"name", "z"}})),
            "pool.web.backends[a].name: cannot be changed; its place in the table goes by it; add another, and remove "
            "this one");
  EXPECT_NE(first(edit_backend("web", "a", {{"weight", 70000}})).find("70000 is above 65535"), std::string::npos);
  EXPECT_NE(first(edit_backend("web", "a", {{"vlan", 20}})).find("is the tag of a next hop that mac names"),
            std::string::npos);
}

}  // namespace
}  // namespace guideway
