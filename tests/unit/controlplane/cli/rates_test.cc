// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/rates.hh"

#include <gtest/gtest.h>

#include "controlplane/cli/columns.hh"
#include "controlplane/cli/worker_load.hh"

namespace guideway {
namespace {

using nlohmann::json;

TEST(Rates, AreTheDifferenceASecond) {
  const json before = json::parse(R"({
      "workers": [{"received": 100, "received_bytes": 1000, "sent_bytes": 0, "cycles": 10, "busy_cycles": 5,
                   "bursts": [0, 10], "latencies": [1, 0, 5, 0], "exits": {"drop_acl": 1, "sent": 5}}],
      "services": [{"name": "idle", "pool": "p", "packets": 7, "bytes": 7},
                   {"name": "web", "pool": "q", "packets": 0, "bytes": 0}],
      "backends": [{"name": "b", "pool": "q", "packets": 900, "bytes": 0, "opened": 0}],
      "exits": {"drop_acl": {"count": 1, "meaning": "denied"}, "sent": {"count": 0, "meaning": "x"}}})");
  json now = json::parse(R"({
      "workers": [{"received": 5100, "received_bytes": 5001000, "sent_bytes": 500, "cycles": 2000010,
                   "busy_cycles": 500005, "bursts": [0, 510], "latencies": [100, 0, 6, 0],
                   "exits": {"drop_acl": 21, "sent": 10}}],
      "services": [{"name": "idle", "pool": "p", "packets": 7, "bytes": 7},
                   {"name": "web", "pool": "q", "packets": 4000000, "bytes": 500}],
      "backends": [{"name": "b", "pool": "q", "packets": 20, "bytes": 0, "opened": 4}],
      "exits": {"drop_acl": {"count": 21, "meaning": "denied"}, "sent": {"count": 9, "meaning": "x"}}})");
  EXPECT_EQ(rates_text(before, now, 2, 10),
            "WORKER  PACKETS/S  BYTES/S IN  BYTES/S OUT  DROPPED/S  BUSY  CYCLES/PACKET  BURST     P99\n"
            "     0      2.5 k       2.5 M          250         10  25 %            100   10.0  256 ns\n\n"
            "SERVICE  PACKETS/S  BYTES/S  NEW FLOWS/S\n"
            "web          2.0 M      250            2\n"
            "idle             0        0            0\n\n"
            "BACKEND  PACKETS/S  BYTES/S  NEW FLOWS/S\n"
            "q/b             10        0            2\n\n"
            "DROPPED   PACKETS/S  MEANING\n"
            "drop_acl         10  denied\n")
      << "a count that fell began anew";
  EXPECT_EQ(rates_text(before, now, 2, 1).find("idle"), std::string::npos);
  EXPECT_EQ(rates_text(json::object(), json::object(), 1, 10), "");
  // Flows that a shared pool opened are nobody's.
  now["services"][0]["pool"] = "q";
  EXPECT_NE(rates_text(before, now, 2, 10).find("web          2.0 M      250            -\n"), std::string::npos);
}

TEST(WorkerLoad, IsADashWhereNobodyMeasures) {
  const json none = json::object();
  const json kernel = json::parse(R"({"received": 5, "cycles": 0, "busy_cycles": 0, "bursts": [0], "latencies": [0]})");
  for (const json& worker : {none, kernel}) {
    EXPECT_EQ(busy_text(none, worker), "-");
    EXPECT_EQ(cost_text(none, worker), "-");
    EXPECT_EQ(burst_text(none, worker), "-");
    EXPECT_EQ(latency_text(none, worker), "-");
  }
  const json idle = json::parse(R"({"received": 5, "cycles": 10, "busy_cycles": 0})");
  EXPECT_EQ(busy_text(none, idle), "0 %");
  EXPECT_EQ(cost_text(none, idle), "-");
}

TEST(WorkerLoad, ALatencyIsTheEndOfItsClass) {
  const auto latency = [](std::vector<std::uint64_t> classes) {
    return latency_text(json::object(), {{"latencies", std::move(classes)}});
  };
  EXPECT_EQ(latency({99, 1, 0, 0}), "256 ns");
  EXPECT_EQ(latency({98, 2, 0, 0}), "512 ns");
  EXPECT_EQ(latency({0, 0, 5, 0}), "1 us");
  EXPECT_EQ(latency({0, 0, 0, 5}), "> 1 us");
}

TEST(Columns, AreTheKeysOfTheAnswer) {
  const json answer = json::parse(R"({"backends": [
      {"name": "a", "weight": 5, "check": {"last": "ok"}, "addresses": ["x", "y"], "mac": null},
      {"name": "bb", "weight": 10, "check": {"last": "failed"}, "addresses": []}]})");
  EXPECT_EQ(*columns_text(answer, {"weight", "name", "check.last", "addresses", "mac"}),
            "WEIGHT  NAME  CHECK.LAST  ADDRESSES  MAC\n"
            "     5  a     ok          x,y        -\n"
            "    10  bb    failed      -          -\n");
  const auto unknown = columns_text(answer, {"colour"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "there is no column \"colour\"; there are addresses, check, mac, name, weight");
  EXPECT_FALSE(columns_text({{"version", 1}}, {"version"}));
}

}  // namespace
}  // namespace guideway
