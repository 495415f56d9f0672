// SPDX-License-Identifier: Apache-2.0
// Changes become edits of the API: as few as there need be, in order, with all that ipvsadm has no words for.
#include "controlplane/cli/ipvsadm/virtual_table.hh"

#include <gtest/gtest.h>

namespace guideway::ipvsadm {
namespace {

using nlohmann::json;

VirtualTable table_to_change() {
  return VirtualTable(json::parse(R"({
    "service": [{"name": "web", "addresses": ["192.0.2.10"], "port": 80, "protocol": "tcp", "pool": "web",
                 "scheduler": "maglev", "idle_timeout": "15m", "closing_timeout": "30s", "dscp": 7}],
    "pool": [{"name": "web", "check": {"type": "tcp", "port": 8080}, "slow_start": "5s", "backends": [
      {"name": "b1", "address": "10.0.0.1", "weight": 100, "forward": "l2", "state": "enabled", "vlan": 9,
       "mac": "02:00:00:00:00:01"}]}]})"));
}

json edits_of(const std::vector<std::vector<std::string>>& commands) {
  VirtualTable one = table_to_change();
  for (const auto& words : commands) {
    const auto request = read_request(words);
    if (!request) return request.error().message;
    if (auto applied = one.apply(std::get<Change>(*request)); !applied) return applied.error().message;
  }
  const auto edits = one.edits();
  return edits ? *edits : json(edits.error().message);
}

TEST(IpvsadmTable, AnEditedServerKeepsItsNameItsPlaceAndAllElse) {
  EXPECT_EQ(edits_of({{"-e", "-t", "192.0.2.10:80", "-r", "10.0.0.1", "-w", "3"}}), json::parse(R"([
    {"op": "backend.remove", "pool": "web", "name": "b1", "force": true},
    {"op": "backend.add", "pool": "web", "backend": {"name": "b1", "address": "10.0.0.1", "weight": 3, "forward": "l2",
      "state": "enabled", "vlan": 9, "mac": "02:00:00:00:00:01"}}])"));
}

TEST(IpvsadmTable, AnEditedServiceKeepsItsPoolAndAllElse) {
  EXPECT_EQ(edits_of({{"-E", "-t", "192.0.2.10:80", "-s", "rr"}}), json::parse(R"([
    {"op": "service.remove", "name": "web", "force": true},
    {"op": "service.add", "service": {"name": "web", "addresses": ["192.0.2.10"], "port": 80, "protocol": "tcp",
      "scheduler": "round-robin", "idle_timeout": "15m", "closing_timeout": "30s", "dscp": 7,
      "check": {"type": "tcp", "port": 8080}, "slow_start": "5s", "backends": [
        {"name": "b1", "address": "10.0.0.1", "weight": 100, "forward": "l2", "state": "enabled", "vlan": 9,
         "mac": "02:00:00:00:00:01"}]}}])"));
}

TEST(IpvsadmTable, WhatChangesNothingIsNoEdit) {
  EXPECT_EQ(edits_of({{"-e", "-t", "192.0.2.10:80", "-r", "10.0.0.1", "-w", "100"},
                      {"-E", "-t", "192.0.2.10:80", "-s", "mh"},
                      {"--set", "900", "30", "0"}}),
            json::array());
}

TEST(IpvsadmTable, LaterCommandsSeeEarlierOnes) {
  EXPECT_EQ(
      edits_of({{"-d", "-t", "192.0.2.10:80", "-r", "10.0.0.1"}, {"-a", "-t", "192.0.2.10:80", "-r", "10.0.0.1"}}),
      json::parse(R"([
    {"op": "backend.remove", "pool": "web", "name": "b1"},
    {"op": "backend.add", "pool": "web", "backend": {"name": "10.0.0.1", "address": "10.0.0.1", "weight": 1,
      "forward": "l2", "state": "enabled"}}])"));
  EXPECT_EQ(
      edits_of({{"-D", "-t", "192.0.2.10:80"}, {"-A", "-t", "192.0.2.10:80"}, {"-D", "-t", "192.0.2.10:80"}}).size(),
      3U);
  EXPECT_EQ(edits_of({{"-D", "-t", "192.0.2.10:80"}, {"-E", "-t", "192.0.2.10:80"}}),
            "there is no service TCP 192.0.2.10:80");
}

TEST(IpvsadmTable, TimeoutsOfServicesThatAreAddedLater) {
  const json edits =
      edits_of({{"-C"}, {"--set", "60", "0", "30"}, {"-A", "-t", "192.0.2.10:80"}, {"-A", "-u", "192.0.2.10:53"}});
  ASSERT_EQ(edits.size(), 3U) << edits;
  EXPECT_EQ(edits[1]["service"]["idle_timeout"], "60s");
  EXPECT_FALSE(edits[1]["service"].contains("closing_timeout"));
  EXPECT_EQ(edits[2]["service"]["idle_timeout"], "30s");
  EXPECT_EQ(edits[2]["service"]["opening_timeout"], "30s");
}

}  // namespace
}  // namespace guideway::ipvsadm
