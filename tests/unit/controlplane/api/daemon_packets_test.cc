// SPDX-License-Identifier: Apache-2.0
// guidewayd with services of every kind: what it is asked for reaches the datapath, is shown, and outlives a kill.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/controlplane/api/daemon_process.hh"

namespace guideway {
namespace {

nlohmann::json games(std::uint16_t check_port) {
  return {{"name", "games"},
          {"addresses", {"198.18.0.0/24", "2001:db8:18::/64"}},
          {"port", "8000-8100"},
          {"protocol", "tcp+udp"},
          {"scheduler", "source"},
          {"source_bits_ipv4", 24},
          {"when_none", "reject"},
          {"allow", {"0.0.0.0/0", "::/0"}},
          {"deny", {"203.0.113.0/24"}},
          {"new_flows_per_second", 1000},
          {"source_flows_per_second", 10},
          {"check", {{"port", check_port}, {"interval", "100ms"}}},
          {"backends",
           {{{"name", "g"}, {"address", "127.0.0.1"}, {"mac", "02:00:00:00:00:01"}, {"vlan", 20}},
            {{"name", "t"},
             {"address", "127.0.0.2"},
             {"mac", "02:00:00:00:00:02"},
             {"forward", "gre"},
             {"gre_key", 7},
             {"mss_clamp", true}}}}};
}

TEST_F(DaemonTest, AServiceOfEveryKindIsPublishedShownAndKept) {
  listen_as(1);
  listen_as(2);
  write_config("tunnel_source = \"10.99.0.0/16\"\n" + config_with({backend("a", 1)}) +
               "[answers]\necho = \"kernel\"\nreject_per_second = 5\n");
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  const HttpAnswer added = edit({{"op", "service.add"}, {"service", games(port_)}});
  ASSERT_EQ(added.status, 200) << added.text;
  ASSERT_TRUE(becomes("g", "up") && becomes("t", "up"));

  const auto seen = datapath.seen().back();
  ASSERT_EQ(seen.services.size(), 5U) << "web, and games by two prefixes and two protocols";
  const auto row = std::find_if(seen.services.begin(), seen.services.end(),
                                [](const gw_service& each) { return each.key.prefix_bits == 24; });
  ASSERT_NE(row, seen.services.end());
  EXPECT_EQ(row->port_last, 8100);
  EXPECT_EQ(row->scheduler, GW_SCHEDULER_SOURCE);
  EXPECT_EQ(row->policy, GW_POLICY_REJECT);
  EXPECT_EQ(row->source_bits, 24);
  EXPECT_EQ(row->access_list, 1U);
  EXPECT_EQ(row->flow_rate, 1000U);
  EXPECT_EQ(seen.backends.at(index_of("g")).vlan, 20);
  const gw_backend tunnelled = seen.backends.at(index_of("t"));
  EXPECT_EQ(tunnelled.forward, GW_FORWARD_GRE);
  EXPECT_EQ(tunnelled.tunnel_id, 7U);
  EXPECT_EQ(tunnelled.flags, GW_BACKEND_RESOLVED | GW_BACKEND_HAS_KEY | GW_BACKEND_CLAMPS_MSS);
  EXPECT_EQ(tunnelled.outer_source_bits, 16);

  datapath.service(0, row->id).packets = 5;
  datapath.service(1, row->id + 1).packets = 6;
  const nlohmann::json shown = get("/v1/services/games");
  EXPECT_EQ(shown["port"], "8000-8100");
  EXPECT_EQ(shown["protocol"], "tcp+udp");
  EXPECT_EQ(shown["policy"], "reject");
  EXPECT_EQ(shown["deny"], nlohmann::json({"203.0.113.0/24"}));
  EXPECT_EQ(shown["packets"], 11) << "of all its rows";
  EXPECT_EQ(backend_of("g")["vlan"], 20);
  EXPECT_EQ(backend_of("t")["gre_key"], 7);
  EXPECT_EQ(backend_of("t")["outer_source"], "10.99.0.0/16");
  const nlohmann::json denied = get("/v1/explain?protocol=tcp&source=203.0.113.9:1&destination=198.18.0.77:8080");
  EXPECT_EQ(denied["service"], "games");
  EXPECT_TRUE(denied["backend"].is_null());

  const nlohmann::json config = get("/v1/config");
  kill(SIGKILL);
  start();
  EXPECT_TRUE(eventually([&] { return datapath.seen().back().generation > seen.generation; }));
  EXPECT_EQ(get("/v1/config"), config);
  const auto again = datapath.seen().back();
  ASSERT_EQ(again.services.size(), seen.services.size());
  for (std::size_t i = 0; i < seen.services.size(); ++i) EXPECT_EQ(again.services[i].id, seen.services[i].id);
}

TEST_F(DaemonTest, TheLastL3dsrBackendMayGoAndAnotherCome) {
  listen_as(1);
  listen_as(2);
  write_config(config_with({backend("a", 1)}, "forward = \"l3dsr\"\ndscp = 9\n"));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  EXPECT_EQ(datapath.seen().back().services.at(0).dscp, 9);
  ASSERT_EQ(edit({{"op", "backend.remove"}, {"pool", "web"}, {"name", "a"}}).status, 200);
  const HttpAnswer other = edit({{"op", "backend.add"}, {"pool", "web"}, {"backend", "fd00::1"}});
  EXPECT_EQ(other.status, 422);
  EXPECT_NE(other.text.find("has no IPv6 address"), std::string::npos) << other.text;
  EXPECT_EQ(edit({{"op", "backend.add"}, {"pool", "web"}, {"backend", "127.0.0.2"}}).status, 200);
}

}  // namespace
}  // namespace guideway
