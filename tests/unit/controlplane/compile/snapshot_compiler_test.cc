// SPDX-License-Identifier: Apache-2.0
// What a configuration becomes on its way through the door: rows, flags, tunnels, access lists.
#include <gtest/gtest.h>

#include <cstring>

#include "controlplane/compile/ledger.hh"
#include "controlplane/config/load.hh"
#include "dataplane/net/endian.hh"

namespace guideway {
namespace {

constexpr Capacities compiler_capacities{.services_max = 32, .backends_max = 32, .flows_max = 64};

struct Rows {
  gw_snapshot_header header{};
  std::vector<gw_service> services;
  std::vector<gw_backend> backends;
  std::vector<gw_access_prefix> prefixes;
};

template <typename T>
const std::byte* take(const std::byte* from, std::uint32_t count, std::vector<T>& rows) {
  rows.resize(count);
  if (count != 0) std::memcpy(rows.data(), from, count * sizeof(T));
  return from + count * sizeof(T);
}

Rows rows_of(const Compiled& compiled) {
  Rows rows;
  std::memcpy(&rows.header, compiled.snapshot.data(), sizeof rows.header);
  const std::byte* at = compiled.snapshot.data() + sizeof rows.header;
  at = take(at, rows.header.service_count, rows.services);
  at = take(at, rows.header.backend_count, rows.backends);
  std::vector<gw_table_ref> tables;
  at = take(at, rows.header.table_count, tables);
  at = take(at, rows.header.access_prefix_count, rows.prefixes);
  EXPECT_EQ(at, compiled.snapshot.data() + compiled.snapshot.size()) << "nothing is left over";
  return rows;
}

Config config_of(const std::string& text) {
  const auto config = load_config_text("hash_key = \"00112233445566778899aabbccddeeff\"\n" + text, "conf.toml");
  EXPECT_TRUE(config.has_value()) << text_of(config.error());
  return config.value_or(Config{});
}

Rows compiled(const std::string& text, const ReachabilityByIndex& reachability = {}) {
  Ledger ledger(compiler_capacities);
  EXPECT_TRUE(ledger.adopt(config_of(text), {}, 0).has_value());
  return rows_of(ledger.compile(1, reachability));
}

std::string web(const std::string& keys, const std::string& backends = "\"10.0.0.1\"") {
  return "[[service]]\nname = \"web\"\naddress = \"192.0.2.1\"\nport = 80\ntable_slots = 251\nbackends = [" + backends +
         "]\n" + keys;
}

std::uint16_t port_of(const gw_service& row) { return be16::from_raw(row.key.port_be16).host(); }

TEST(SnapshotCompiler, Header) {
  const Rows plain = compiled("");
  EXPECT_EQ(plain.header.abi_version, GW_ABI_VERSION);
  EXPECT_EQ(plain.header.answers.echo, 1000U);
  EXPECT_EQ(plain.header.answers.too_big, 1000U);
  EXPECT_EQ(plain.header.answers.reject, 10'000U);
  EXPECT_EQ(plain.header.flags, 0U);
  const Rows said = compiled("[answers]\necho = \"kernel\"\ntoo_big_per_second = 0\nreject_per_second = 5\n");
  EXPECT_EQ(said.header.answers.too_big, 0U);
  EXPECT_EQ(said.header.answers.reject, 5U);
  EXPECT_EQ(said.header.flags, GW_SNAPSHOT_ECHO_TO_KERNEL);
}

TEST(SnapshotCompiler, ARowForEveryAddressAndProtocol) {
  const Rows rows = compiled(
      "[[service]]\nname = \"web\"\naddresses = [\"2001:db8::/64\", \"192.0.2.0/24\", \"192.0.2.9\"]\n"
      "port = \"8000-8100\"\nprotocol = \"tcp+udp\"\nidle_timeout = \"100s\"\nopening_timeout = \"10s\"\n"
      "udp_idle_timeout = \"50s\"\nudp_opening_timeout = \"5s\"\nbackends = []\n");
  ASSERT_EQ(rows.services.size(), 6U);
  const auto& services = rows.services;
  EXPECT_EQ(services[0].key.prefix_bits, 64);
  EXPECT_EQ(services[0].key.family, 6);
  EXPECT_EQ(services[2].key.prefix_bits, 24);
  EXPECT_EQ(services[4].key.prefix_bits, 32);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(services[i].key.protocol, i % 2 == 0 ? 6 : 17);
    EXPECT_EQ(services[i].idle_ticks, i % 2 == 0 ? 1600U : 800U);
    EXPECT_EQ(services[i].opening_ticks, i % 2 == 0 ? 160U : 80U);
    EXPECT_EQ(port_of(services[i]), 8000);
    EXPECT_EQ(services[i].port_last, 8100);
  }
  // Of a fresh ledger: by family, address, length, port and protocol.
  std::vector<std::uint32_t> ids;
  for (const gw_service& row : services) ids.push_back(row.id);
  EXPECT_EQ(ids, (std::vector<std::uint32_t>{4, 5, 0, 1, 2, 3}));
}

TEST(SnapshotCompiler, FlagsSayWhatIsRemembered) {
  struct Case {
    const char* keys;
    std::uint16_t tcp;
    std::uint16_t udp;
  };
  constexpr std::uint16_t follows = GW_SERVICE_FOLLOWS_EVERY_FLOW;
  constexpr std::uint16_t forgets = GW_SERVICE_REMEMBERS_NOTHING;
  constexpr std::uint16_t packets = GW_SERVICE_REMEMBERS_NOTHING | GW_SERVICE_PER_PACKET;
  for (const Case& each :
       {Case{"", 0, follows}, Case{"scheduler = \"source\"\n", 0, follows},
        Case{"scheduler = \"round-robin\"\n", follows, follows}, Case{"scheduler = \"random\"\n", follows, follows},
        Case{"scheduler = \"least-connections\"\n", follows, follows}, Case{"udp = \"hash\"\n", 0, forgets},
        Case{"udp = \"packet\"\n", 0, packets}, Case{"udp = \"packet\"\nscheduler = \"random\"\n", follows, packets},
        Case{"udp = \"hash\"\nscheduler = \"source\"\n", 0, forgets}}) {
    const Rows rows = compiled(web("protocol = \"tcp+udp\"\n" + std::string(each.keys)));
    ASSERT_EQ(rows.services.size(), 2U);
    EXPECT_EQ(rows.services[0].flags, each.tcp) << each.keys;
    EXPECT_EQ(rows.services[1].flags, each.udp) << each.keys;
  }
  EXPECT_EQ(compiled(web("deny = \"::/0\"\n")).services.at(0).flags, 0);
  EXPECT_EQ(compiled(web("deny = \"::/0\"\nallow = \"10.0.0.0/8\"\n")).services.at(0).flags,
            GW_SERVICE_DENIES_BY_DEFAULT);
}

TEST(SnapshotCompiler, SchedulersAndPolicies) {
  for (const auto& [word, number] :
       {std::pair("maglev", GW_SCHEDULER_MAGLEV), std::pair("round-robin", GW_SCHEDULER_ROUND_ROBIN),
        std::pair("source", GW_SCHEDULER_SOURCE), std::pair("random", GW_SCHEDULER_RANDOM),
        std::pair("least-connections", GW_SCHEDULER_LEAST_CONNECTIONS)})
    EXPECT_EQ(compiled(web("scheduler = \"" + std::string(word) + "\"\n")).services.at(0).scheduler, number);
  for (const auto& [word, number] : {std::pair("drop", GW_POLICY_DROP), std::pair("fail-open", GW_POLICY_FAIL_OPEN),
                                     std::pair("reject", GW_POLICY_REJECT)})
    EXPECT_EQ(compiled(web("when_none = \"" + std::string(word) + "\"\n")).services.at(0).policy, number);
  EXPECT_EQ(compiled(web("")).services.at(0).source_bits, 0) << "of no use";
  EXPECT_EQ(compiled(web("scheduler = \"source\"\n")).services.at(0).source_bits, 32);
  EXPECT_EQ(compiled(web("scheduler = \"source\"\nsource_bits_ipv4 = 20\n")).services.at(0).source_bits, 20);
}

TEST(SnapshotCompiler, LimitsOfNewFlows) {
  const gw_service none = compiled(web("")).services.at(0);
  EXPECT_EQ(none.flow_rate + none.flow_burst + none.source_flow_rate + none.source_flow_burst, 0U);
  EXPECT_EQ(none.limit_source_bits, 0);
  const Rows rows = compiled(
      "[[service]]\nname = \"web\"\naddresses = [\"192.0.2.1\", \"2001:db8::1\"]\nport = 80\nbackends = []\n"
      "new_flows_per_second = 7\nsource_flows_per_second = 3\nsource_flows_burst = 9\n");
  EXPECT_EQ(rows.services.at(0).flow_rate, 7U);
  EXPECT_EQ(rows.services.at(0).flow_burst, 7U);
  EXPECT_EQ(rows.services.at(0).source_flow_rate, 3U);
  EXPECT_EQ(rows.services.at(0).source_flow_burst, 9U);
  EXPECT_EQ(rows.services.at(0).limit_source_bits, 32);
  EXPECT_EQ(rows.services.at(1).limit_source_bits, 64);
}

TEST(SnapshotCompiler, ServicesWithEqualListsShareOne) {
  const std::string more =
      "[[service]]\nname = \"a\"\naddress = \"192.0.2.2\"\nport = 80\npool = \"web\"\ndeny = [\"10.1.0.0/16\"]\n"
      "allow = [\"::/0\", \"10.0.0.0/8\"]\n"
      "[[service]]\nname = \"b\"\naddress = \"192.0.2.3\"\nport = 80\npool = \"web\"\ndeny = [\"198.51.100.7\"]\n"
      "[[service]]\nname = \"c\"\naddress = \"192.0.2.4\"\nport = 80\npool = \"web\"\n";
  const Rows rows = compiled(web("allow = [\"10.0.0.0/8\", \"::/0\"]\ndeny = [\"10.1.0.0/16\"]\n") + more);
  ASSERT_EQ(rows.services.size(), 4U);  // a, b, c, web
  EXPECT_NE(rows.services[0].access_list, 0U);
  EXPECT_EQ(rows.services[3].access_list, rows.services[0].access_list);
  EXPECT_NE(rows.services[1].access_list, 0U);
  EXPECT_NE(rows.services[1].access_list, rows.services[0].access_list);
  EXPECT_EQ(rows.services[2].access_list, 0U);
  ASSERT_EQ(rows.prefixes.size(), 4U);
  std::size_t allowed = 0;
  for (const gw_access_prefix& prefix : rows.prefixes) {
    allowed += prefix.allows;
    if (prefix.list == rows.services[1].access_list) {
      EXPECT_EQ(prefix.bits, 32);
      EXPECT_EQ(prefix.family, 4);
      EXPECT_EQ(prefix.address[3], 7);
      EXPECT_EQ(prefix.allows, 0);
    }
  }
  EXPECT_EQ(allowed, 2U);
}

TEST(SnapshotCompiler, BackendsOfEveryMode) {
  ReachabilityByIndex reachability;
  for (std::uint32_t i = 0; i < 7; ++i) {
    reachability[i].outer_source = *AddressPrefix::parse(i == 6 ? "fd00:99::/64" : "10.99.0.0/16");
    reachability[i].vlan = 30;
    reachability[i].mtu_bytes = 9000;
  }
  const Rows rows =
      compiled(web("dscp = 5\n",
                   "{ name = \"a\", address = \"10.0.0.1\", mac = \"02:00:00:00:00:01\", vlan = 20 },\n"
                   "{ name = \"b\", address = \"10.0.0.2\", forward = \"ipip\", mss_clamp = true },\n"
                   "{ name = \"c\", address = \"10.0.0.3\", forward = \"gue\", weight = 0 },\n"
                   "{ name = \"d\", address = \"10.0.0.4\", forward = \"gue\", gue_variant = 1, gue_port = 9 },\n"
                   "{ name = \"e\", address = \"10.0.0.5\", forward = \"gre\", weight = 65535 },\n"
                   "{ name = \"f\", address = \"10.0.0.6\", forward = \"l3dsr\" },\n"
                   "{ name = \"g\", address = \"fd00::7\", forward = \"gre\", gre_key = 0 }"),
               reachability);
  ASSERT_EQ(rows.backends.size(), 7U);
  const auto& b = rows.backends;
  const std::vector<int> modes{GW_FORWARD_L2,  GW_FORWARD_IPIP,  GW_FORWARD_GUE, GW_FORWARD_GUE_DIRECT,
                               GW_FORWARD_GRE, GW_FORWARD_L3DSR, GW_FORWARD_GRE};
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(b[i].forward, modes[i]);
  EXPECT_EQ(b[0].vlan, 20) << "its own goes before the route's";
  EXPECT_EQ(b[1].vlan, 30);
  EXPECT_EQ(b[1].flags, GW_BACKEND_RESOLVED | GW_BACKEND_CLAMPS_MSS);
  EXPECT_EQ(b[1].outer_source_bits, 16);
  EXPECT_EQ(b[2].tunnel_id, 6080U);
  EXPECT_EQ(b[2].weight, 1) << "what nobody divides by";
  EXPECT_EQ(b[3].tunnel_id, 9U);
  EXPECT_EQ(b[4].flags, GW_BACKEND_RESOLVED);
  EXPECT_EQ(b[4].tunnel_id, 0U);
  EXPECT_EQ(b[4].weight, 65535);
  EXPECT_EQ(b[5].outer_source_bits, 32) << "not a tunnel";
  EXPECT_EQ(b[5].outer_source[0], 0);
  EXPECT_EQ(rows.services.at(0).dscp, 5);
  EXPECT_EQ(b[6].flags, GW_BACKEND_RESOLVED | GW_BACKEND_HAS_KEY);
  EXPECT_EQ(b[6].outer_source_bits, 64);
  EXPECT_EQ(b[6].outer_source[0], 0xfd);
  EXPECT_EQ(b[6].mtu_bytes, 9000);
}

TEST(SnapshotCompiler, AnUnresolvedBackendIsStillOfItsFamily) {
  const gw_backend row = compiled(web("", "{ address = \"fd00::1\", forward = \"gre\", gre_key = 3 }")).backends.at(0);
  EXPECT_EQ(row.flags, GW_BACKEND_HAS_KEY);
  EXPECT_EQ(row.outer_source_bits, 128);
}

// What a version that knew neither prefixes nor ranges has saved.
TEST(SnapshotCompiler, IdsOfAnOlderLedgerStay) {
  const std::string saved = R"({"version": 2, "next_index": 0, "next_service_id": 9, "services": [)"
                            R"({"address": "192.0.2.1", "port": 80, "protocol": 6, "id": 8}]})";
  const auto texts = [](const char* text) { return LedgerTexts{{"", std::make_shared<const std::string>(text)}}; };
  auto ledger = Ledger::load(texts(saved.c_str()), compiler_capacities);
  ASSERT_TRUE(ledger.has_value()) << ledger.error().message;
  const Config config = config_of(web("protocol = \"tcp+udp\"\n"));
  ASSERT_TRUE(ledger->adopt(config, {}, 0).has_value());
  EXPECT_EQ(ledger->service_ids(config.services.at(0)), (std::vector<std::uint32_t>{8, 9}));
  auto other = Ledger::load(texts(R"({"version": 6, "next_index": 0, "next_service_id": 0})"), compiler_capacities);
  ASSERT_FALSE(other.has_value());
}

TEST(SnapshotCompiler, PrefixesAndRangesKeepTheirIdsOverARestart) {
  const Config config = config_of(
      "[[service]]\nname = \"a\"\naddress = \"192.0.2.0/24\"\nport = \"80-90\"\nbackends = []\n"
      "[[service]]\nname = \"b\"\naddress = \"192.0.2.0/25\"\nport = \"80-90\"\nbackends = []\n"
      "[[service]]\nname = \"c\"\naddress = \"192.0.2.0/25\"\nport = 80\nbackends = []\n");
  Ledger ledger(compiler_capacities);
  ASSERT_TRUE(ledger.adopt(config, {}, 0).has_value());
  auto again = Ledger::load(ledger.save(), compiler_capacities);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  ASSERT_TRUE(again->adopt(config, {}, 1).has_value());
  EXPECT_EQ(again->compile(2, {}).snapshot, ledger.compile(2, {}).snapshot);
  std::set<std::uint32_t> ids;
  for (const ServiceConfig& service : config.services)
    ids.merge(std::set<std::uint32_t>{again->service_ids(service)[0]});
  EXPECT_EQ(ids.size(), 3U);
}

}  // namespace
}  // namespace guideway
