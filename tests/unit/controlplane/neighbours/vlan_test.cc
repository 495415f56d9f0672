// SPDX-License-Identifier: Apache-2.0
// Next hops over VLAN interfaces: the tag, and the link that the interface sits on.
#include <gtest/gtest.h>

#include "tests/unit/controlplane/neighbours/uplink.hh"

namespace guideway {
namespace {

const MacAddress peer_mac = *MacAddress::parse("02:00:00:00:00:01");
const IpAddress peer = ip("192.0.2.10");
const Link vlan{8, "uplink.20", uplink_mac, true, true, 1496, 20, 7};

TEST(NextHopOverAVlan, KnowsTheLinkThatItSitsOn) {
  NextHopTable table;
  table.set_link(vlan, 0);
  table.set_neighbour({{8, peer}, NeighbourState::fresh, peer_mac}, 0);
  table.set_wanted({peer}, 0);
  table.set_route(peer, {8, std::nullopt, ip("192.0.2.2"), 0, ""}, 0);
  ASSERT_TRUE(table.find(peer));
  EXPECT_EQ(table.find(peer)->vlan, 0) << "what it sits on is not known";
  table.set_link(ether, 0);
  EXPECT_EQ(table.find(peer), (NextHop{"uplink.20", peer_mac, uplink_mac, ip("192.0.2.2"), 1496, peer, 20, "uplink"}));
  EXPECT_EQ(table.take_changes(), std::vector<IpAddress>{peer});
}

TEST(NextHopOverAVlan, FollowsItsNumberAndItsLinksName) {
  NextHopTable table;
  table.replace_facts({ether, vlan}, {{{8, peer}, NeighbourState::fresh, peer_mac}}, 0);
  table.set_wanted({peer}, 0);
  table.set_route(peer, {8, std::nullopt, ip("192.0.2.2"), 0, ""}, 0);
  EXPECT_EQ(table.find(peer)->vlan, 20);
  Link renumbered = vlan;
  renumbered.vlan = 21;
  table.set_link(renumbered, 0);
  EXPECT_EQ(table.find(peer)->vlan, 21);
  EXPECT_FALSE(table.take_changes().empty());
  Link renamed = ether;
  renamed.name = "wan";
  table.set_link(renamed, 0);
  EXPECT_EQ(table.find(peer)->parent_interface, "wan");
  EXPECT_EQ(table.take_changes(), std::vector<IpAddress>{peer});
}

}  // namespace
}  // namespace guideway
