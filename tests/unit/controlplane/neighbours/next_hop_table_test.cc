// SPDX-License-Identifier: Apache-2.0
// The pure table: which facts give which next hop, reason, change and question, and when.
#include "controlplane/neighbours/next_hop_table.hh"

#include <gtest/gtest.h>

#include "tests/unit/controlplane/neighbours/uplink.hh"

namespace guideway {
namespace {

MacAddress mac(const char* text) { return *MacAddress::parse(text); }

const IpAddress near_v4 = ip("192.0.2.10");
const IpAddress far_v4 = ip("198.51.100.7");
const IpAddress gateway_v4 = ip("192.0.2.1");
const IpAddress near_v6 = ip("2001:db8::10");
const MacAddress first_mac = mac("02:00:00:00:00:01");
const MacAddress second_mac = mac("02:00:00:00:00:02");

Route on_link(const char* source = "192.0.2.2") { return {7, std::nullopt, ip(source), 0, ""}; }
Route by_gateway() { return {7, gateway_v4, ip("192.0.2.2"), 1400, ""}; }
Neighbour neighbour(const IpAddress& address, NeighbourState state, const MacAddress& address_mac = first_mac) {
  return {{7, address}, state, address_mac};
}

class NextHopTableTest : public ::testing::Test {
 protected:
  void want(const IpAddress& address, const Route& route) {
    std::set<IpAddress> all{address};
    for (const IpAddress& known : table.wanted()) all.insert(known);
    table.set_wanted(all, now_ms);
    table.set_route(address, route, now_ms);
  }
  std::vector<IpAddress> changes() { return table.take_changes(); }
  std::size_t questions(std::size_t count_max = 100) { return table.take_questions(now_ms, count_max).size(); }
  void pass(std::int64_t ms) {
    now_ms += ms;
    table.tick(now_ms);
  }
  using Changes = std::vector<IpAddress>;

  std::int64_t now_ms = 1'000'000;
  NextHopTable table;
};

TEST_F(NextHopTableTest, ResolvesOnTheLink) {
  table.set_link(ether, now_ms);
  want(near_v4, on_link());
  EXPECT_EQ(table.find(near_v4), std::nullopt);
  EXPECT_EQ(table.why_unresolved(near_v4), "192.0.2.10 does not answer ARP on interface uplink");
  EXPECT_TRUE(table.undecided(near_v4));
  EXPECT_EQ(changes(), Changes{});
  table.set_neighbour(neighbour(near_v4, NeighbourState::fresh), now_ms);
  EXPECT_EQ(table.find(near_v4), (NextHop{"uplink", first_mac, ether.mac, ip("192.0.2.2"), 1500, near_v4}));
  EXPECT_EQ(table.why_unresolved(near_v4), "");
  EXPECT_FALSE(table.undecided(near_v4));
  EXPECT_EQ(changes(), Changes{near_v4});
  EXPECT_EQ(changes(), Changes{}) << "told once";
}

TEST_F(NextHopTableTest, ResolvesByTheGateway) {
  table.set_link(ether, now_ms);
  table.set_neighbour(neighbour(gateway_v4, NeighbourState::stale), now_ms);
  want(far_v4, by_gateway());
  EXPECT_EQ(table.find(far_v4), (NextHop{"uplink", first_mac, ether.mac, ip("192.0.2.2"), 1400, gateway_v4}))
      << "the route's MTU is the lower one";
}

TEST_F(NextHopTableTest, AnIpv4RouteMayHaveAnIpv6Gateway) {
  table.set_link(ether, now_ms);
  table.set_neighbour(neighbour(near_v6, NeighbourState::permanent), now_ms);
  want(far_v4, {7, near_v6, ip("192.0.2.2"), 0, ""});
  ASSERT_TRUE(table.find(far_v4));
  EXPECT_EQ(table.find(far_v4)->gateway_or_self, near_v6);
}

TEST_F(NextHopTableTest, EveryUsableStateResolvesAndNoOther) {
  table.set_link(ether, now_ms);
  want(near_v4, on_link());
  for (const NeighbourState state : {NeighbourState::fresh, NeighbourState::stale, NeighbourState::permanent}) {
    table.set_neighbour(neighbour(near_v4, state), now_ms);
    EXPECT_TRUE(table.find(near_v4));
  }
  table.set_neighbour(neighbour(near_v4, NeighbourState::unresolved), now_ms);
  pass(1000);
  EXPECT_FALSE(table.find(near_v4));
}

TEST_F(NextHopTableTest, NamesTheReason) {
  want(near_v4, {0, std::nullopt, {}, 0, "it is an address of this machine"});
  EXPECT_EQ(table.why_unresolved(near_v4), "it is an address of this machine");
  EXPECT_FALSE(table.undecided(near_v4)) << "waiting would not help";
  EXPECT_EQ(changes(), Changes{near_v4});
  want(far_v4, by_gateway());
  EXPECT_EQ(table.why_unresolved(far_v4), "its route leads to an interface that is gone");
  Link link = ether;
  link.running = false;
  table.set_link(link, now_ms);
  EXPECT_EQ(table.why_unresolved(far_v4), "interface uplink is down");
  link.running = true;
  link.resolves = false;
  table.set_link(link, now_ms);
  EXPECT_EQ(table.why_unresolved(far_v4), "its route leads to interface uplink, where no neighbour has a MAC address");
  table.set_link(ether, now_ms);
  EXPECT_EQ(table.why_unresolved(far_v4), "192.0.2.1 does not answer ARP on interface uplink");
  want(near_v6, on_link("2001:db8::2"));
  EXPECT_EQ(table.why_unresolved(near_v6), "2001:db8::10 does not answer neighbour discovery on interface uplink");
  EXPECT_EQ(table.why_unresolved(ip("203.0.113.1")), "it is not watched");
  table.set_wanted({ip("203.0.113.1")}, now_ms);
  EXPECT_EQ(table.why_unresolved(ip("203.0.113.1")), "its route has not been looked up yet");
}

TEST_F(NextHopTableTest, TheBenefitOfDoubtEnds) {
  table.set_link(ether, now_ms);
  want(near_v4, on_link());
  pass(1499);
  EXPECT_TRUE(table.undecided(near_v4));
  EXPECT_EQ(changes(), Changes{});
  pass(1);
  EXPECT_FALSE(table.undecided(near_v4));
  EXPECT_EQ(changes(), Changes{near_v4}) << "that there is none is an answer, too";
  pass(5000);
  EXPECT_EQ(changes(), Changes{});
}

TEST_F(NextHopTableTest, AMacThatChangesIsFollowedAtOnce) {
  table.set_link(ether, now_ms);
  want(near_v4, on_link());
  table.set_neighbour(neighbour(near_v4, NeighbourState::fresh), now_ms);
  changes();
  table.set_neighbour(neighbour(near_v4, NeighbourState::stale), now_ms);
  EXPECT_EQ(changes(), Changes{}) << "another state of the same neighbour is no change";
  table.set_neighbour(neighbour(near_v4, NeighbourState::stale, second_mac), now_ms);
  EXPECT_EQ(changes(), Changes{near_v4});
  EXPECT_EQ(table.find(near_v4)->mac, second_mac);
}

TEST_F(NextHopTableTest, AVanishedNeighbourIsAskedAgainAndBelievedMeanwhile) {
  table.set_link(ether, now_ms);
  want(near_v4, on_link());
  table.set_neighbour(neighbour(near_v4, NeighbourState::fresh), now_ms);
  changes();
  EXPECT_EQ(questions(), 0u);
  // Forgotten and found again: nobody notices.
  table.set_neighbour(neighbour(near_v4, NeighbourState::unresolved), now_ms);
  table.remove_neighbour({7, near_v4}, now_ms);
  EXPECT_EQ(questions(), 1u);
  pass(900);
  EXPECT_TRUE(table.find(near_v4));
  table.set_neighbour(neighbour(near_v4, NeighbourState::fresh), now_ms);
  pass(5000);
  EXPECT_EQ(changes(), Changes{});
  // Forgotten a second time and silent: believed for a second.
  table.remove_neighbour({7, near_v4}, now_ms);
  EXPECT_EQ(questions(), 1u) << "asked at once, although just asked about";
  pass(999);
  EXPECT_TRUE(table.find(near_v4));
  pass(1);
  EXPECT_FALSE(table.find(near_v4));
  EXPECT_EQ(changes(), Changes{near_v4});
}

TEST_F(NextHopTableTest, ADownInterfaceAndAnotherWayAreBelievedAtOnce) {
  table.set_link(ether, now_ms);
  want(near_v4, on_link());
  table.set_neighbour(neighbour(near_v4, NeighbourState::fresh), now_ms);
  changes();
  Link down = ether;
  down.running = false;
  EXPECT_TRUE(table.set_link(down, now_ms));
  EXPECT_FALSE(table.set_link(down, now_ms)) << "no news";
  EXPECT_EQ(changes(), Changes{near_v4});
  EXPECT_FALSE(table.find(near_v4));
  EXPECT_EQ(questions(), 0u) << "nobody can be asked over a dead link";
  table.set_link(ether, now_ms);
  EXPECT_TRUE(table.find(near_v4));
  table.set_route(near_v4, by_gateway(), now_ms);
  EXPECT_FALSE(table.find(near_v4)) << "the gateway has not answered; the old hop is no way any more";
  table.set_route(near_v4, on_link(), now_ms);
  EXPECT_TRUE(table.find(near_v4));
  EXPECT_TRUE(table.remove_link(7, now_ms));
  EXPECT_FALSE(table.find(near_v4));
  EXPECT_FALSE(table.remove_link(7, now_ms));
}

TEST_F(NextHopTableTest, TheInterfacesOwnMacAndMtuCount) {
  table.set_link(ether, now_ms);
  want(near_v4, on_link());
  table.set_neighbour(neighbour(near_v4, NeighbourState::fresh), now_ms);
  changes();
  Link other = ether;
  other.mac = second_mac;
  other.mtu_bytes = 100'000;
  table.set_link(other, now_ms);
  EXPECT_EQ(changes(), Changes{near_v4});
  EXPECT_EQ(table.find(near_v4)->interface_mac, second_mac);
  EXPECT_EQ(table.find(near_v4)->mtu_bytes, 65535);
}

TEST_F(NextHopTableTest, AsksAboutUnresolvedOnesOnceASecond) {
  table.set_link(ether, now_ms);
  want(near_v4, on_link());
  int asked = 0;
  for (int i = 0; i < 100; ++i, pass(100)) asked += static_cast<int>(questions());
  EXPECT_EQ(asked, 10);
}

TEST_F(NextHopTableTest, AsksAboutStaleOnesNowAndThen) {
  table.set_link(ether, now_ms);
  for (int i = 0; i < 100; ++i) {
    IpAddress address = near_v4;
    address.bytes[3] = static_cast<std::uint8_t>(20 + i);
    want(address, on_link());
    table.set_neighbour(neighbour(address, NeighbourState::stale), now_ms);
  }
  int asked = 0;
  for (int i = 0; i < 600; ++i, pass(100)) asked += static_cast<int>(questions());
  EXPECT_GE(asked, 300) << "100 in 60 s, each every 15 to 30 s, the first at once";
  EXPECT_LE(asked, 500);
  table.set_neighbour(neighbour(near_v4, NeighbourState::permanent), now_ms);
}

TEST_F(NextHopTableTest, AsksOneGatewayOnceForAllBehindIt) {
  table.set_link(ether, now_ms);
  std::set<IpAddress> all;
  for (int i = 0; i < 200; ++i) {
    IpAddress address = far_v4;
    address.bytes[3] = static_cast<std::uint8_t>(i);
    all.insert(address);
  }
  EXPECT_EQ(table.set_wanted(all, now_ms).size(), 200u);
  for (const IpAddress& address : all) table.set_route(address, by_gateway(), now_ms);
  EXPECT_EQ(questions(), 1u);
  table.set_neighbour(neighbour(gateway_v4, NeighbourState::fresh), now_ms);
  EXPECT_EQ(changes().size(), 200u);
  table.set_wanted({}, now_ms);
  table.remove_neighbour({7, gateway_v4}, now_ms);
  EXPECT_EQ(questions(), 0u) << "nobody wants it any more";
}

TEST_F(NextHopTableTest, QuestionsAreBoundedAndFair) {
  table.set_link(ether, now_ms);
  std::set<IpAddress> all;
  for (int i = 0; i < 100; ++i) {
    IpAddress address = near_v4;
    address.bytes[3] = static_cast<std::uint8_t>(100 + i);
    all.insert(address);
  }
  table.set_wanted(all, now_ms);
  for (const IpAddress& address : all) table.set_route(address, on_link(), now_ms);
  std::set<IpAddress> asked;
  for (int i = 0; i < 10; ++i, pass(1000)) {
    const auto some = table.take_questions(now_ms, 10);
    EXPECT_EQ(some.size(), 10u);
    for (const auto& question : some) asked.insert(question.neighbour.address);
  }
  EXPECT_EQ(asked.size(), 100u) << "the longest unasked come first";
}

TEST_F(NextHopTableTest, NewFactsReplaceTheOldOnes) {
  table.set_link(ether, now_ms);
  want(near_v4, on_link());
  want(far_v4, by_gateway());
  table.set_neighbour(neighbour(near_v4, NeighbourState::fresh), now_ms);
  table.set_neighbour(neighbour(gateway_v4, NeighbourState::fresh), now_ms);
  changes();
  EXPECT_FALSE(table.replace_facts(
      {ether}, {neighbour(near_v4, NeighbourState::fresh, second_mac), neighbour(gateway_v4, NeighbourState::fresh)},
      now_ms));
  EXPECT_EQ(changes(), Changes{near_v4});
  EXPECT_EQ(table.find(near_v4)->mac, second_mac);
  EXPECT_TRUE(table.replace_facts({}, {}, now_ms));
  EXPECT_EQ(changes().size(), 2u);
}

TEST_F(NextHopTableTest, OnlyLiveNeighboursCanBeVerified) {
  table.set_link(ether, now_ms);
  want(far_v4, by_gateway());
  EXPECT_FALSE(table.verifiable_hop(far_v4));
  table.set_neighbour(neighbour(gateway_v4, NeighbourState::permanent), now_ms);
  EXPECT_FALSE(table.verifiable_hop(far_v4));
  table.set_neighbour(neighbour(gateway_v4, NeighbourState::fresh), now_ms);
  EXPECT_EQ(table.verifiable_hop(far_v4), (NeighbourKey{7, gateway_v4}));
  EXPECT_FALSE(table.verifiable_hop(near_v4));
}

}  // namespace
}  // namespace guideway
