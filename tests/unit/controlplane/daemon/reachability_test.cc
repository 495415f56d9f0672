// SPDX-License-Identifier: Apache-2.0
// From the kernel's next hops and the datapath's ports to the port, MAC, tag and outer source of each backend.
#include "controlplane/daemon/reachability.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }
MacAddress mac(const char* text) { return *MacAddress::parse(text); }

const MacAddress neighbour = mac("02:00:00:00:00:11");
const IpAddress near_backend = ip("10.0.0.1");

class ReachabilityTest : public ::testing::Test {
 protected:
  ReachabilityTest() {
    inputs.ports = {{0, "p0", "tap0", mac("02:00:00:00:00:a0"), 1500},
                    {1, "p1", "tap1", mac("02:00:00:00:00:a1"), 9000}};
    inputs.next_hop = [this](const IpAddress&) { return hop; };
    inputs.why_unresolved = [](const IpAddress&) { return "nobody answers"; };
    backend.address = near_backend;
  }

  NextHop hop_by(const char* interface, std::uint16_t vlan = 0, const char* parent = "") const {
    return {interface, neighbour, mac("02:00:00:00:00:a1"), ip("10.0.0.254"), 1400, near_backend, vlan, parent};
  }
  ReachabilityOutcome outcome() const {
    BackendRecord record;
    record.config = backend;
    record.index = 3;
    return find_reachability({{{"pool", "a"}, record}}, inputs);
  }
  Reachability reached() const {
    const ReachabilityOutcome result = outcome();
    EXPECT_EQ(result.resolved.size(), 1U) << (result.unresolved.empty() ? "" : result.unresolved.at(3));
    return result.resolved.empty() ? Reachability{} : result.resolved.at(3);
  }
  std::string refused() const {
    const ReachabilityOutcome result = outcome();
    EXPECT_TRUE(result.resolved.empty());
    return result.unresolved.empty() ? "" : result.unresolved.at(3);
  }

  ReachabilityInputs inputs;
  std::optional<NextHop> hop;
  BackendConfig backend;
};

TEST_F(ReachabilityTest, ByTheKernelFace) {
  hop = hop_by("tap1");
  const Reachability reach = reached();
  EXPECT_EQ(reach.port, 1);
  EXPECT_EQ(reach.vlan, 0);
  EXPECT_EQ(reach.next_hop_mac, neighbour);
  EXPECT_EQ(reach.source_mac, mac("02:00:00:00:00:a1"));
  EXPECT_EQ(reach.mtu_bytes, 1400) << "the route's is the lower one";
}

TEST_F(ReachabilityTest, AVlanOfAKernelFaceIsThatPortWithItsTag) {
  hop = hop_by("tap1.20", 20, "tap1");
  EXPECT_EQ(reached().port, 1);
  EXPECT_EQ(reached().vlan, 20);
  EXPECT_EQ(reached().mtu_bytes, 1400);
}

TEST_F(ReachabilityTest, AVlanOfAnythingElseIsNoWay) {
  hop = hop_by("eth0.20", 20, "eth0");
  EXPECT_EQ(refused(),
            "the kernel reaches 10.0.0.1 by eth0.20, which is neither the kernel face of a port of the "
            "datapath nor a VLAN of one");
}

TEST_F(ReachabilityTest, AFixedMacTakesTheRoutesTag) {
  backend.mac = mac("02:00:00:00:00:77");
  hop = hop_by("tap1.20", 20, "tap1");
  EXPECT_EQ(reached().next_hop_mac, *backend.mac);
  EXPECT_EQ(reached().vlan, 20);
}

TEST_F(ReachabilityTest, AFixedVlanGoesBeforeTheRoutes) {
  backend.mac = mac("02:00:00:00:00:77");
  backend.vlan = 30;
  hop = hop_by("tap1.20", 20, "tap1");
  EXPECT_EQ(reached().port, 1);
  EXPECT_EQ(reached().vlan, 30);
}

TEST_F(ReachabilityTest, WithoutAnyRouteAFixedMacIsOnTheFirstPort) {
  backend.mac = mac("02:00:00:00:00:77");
  backend.vlan = 30;
  EXPECT_EQ(reached().port, 0);
  EXPECT_EQ(reached().vlan, 30);
  hop = hop_by("eth0.20", 20, "eth0");
  backend.vlan = 0;
  EXPECT_EQ(reached().port, 0);
  EXPECT_EQ(reached().vlan, 0) << "the tag of a way that it does not take";
}

TEST_F(ReachabilityTest, EveryTunnelHasAnOuterSource) {
  hop = hop_by("tap1");
  for (const Forward forward : {Forward::ipip, Forward::gue, Forward::gre}) {
    backend.forward = forward;
    inputs.tunnel_source_ipv4.reset();
    EXPECT_EQ(reached().outer_source.text(), "10.0.0.254") << "the kernel's";
    inputs.tunnel_source_ipv4 = *AddressPrefix::parse("10.99.0.0/16");
    EXPECT_EQ(reached().outer_source.text(), "10.99.0.0/16");
  }
  hop->preferred_source = IpAddress{};
  inputs.tunnel_source_ipv4.reset();
  EXPECT_EQ(refused(), "the kernel names no source address towards it; set tunnel_source");
  backend.forward = Forward::l3dsr;
  reached();
}

TEST_F(ReachabilityTest, OnlyL2NeedsTheBackendOnTheLink) {
  hop = hop_by("tap1");
  hop->gateway_or_self = ip("10.0.0.253");
  EXPECT_EQ(refused(),
            "it is behind the gateway 10.0.0.253, where forward = \"l2\" cannot reach it; use a tunnel, such "
            "as \"ipip\"");
  for (const Forward forward : {Forward::ipip, Forward::gue, Forward::gre, Forward::l3dsr}) {
    backend.forward = forward;
    EXPECT_EQ(reached().next_hop_mac, neighbour);
  }
}

TEST_F(ReachabilityTest, WithoutAWayItSaysWhy) {
  EXPECT_EQ(refused(), "nobody answers");
  inputs.ports.clear();
  EXPECT_EQ(refused(), "no datapath has said yet which ports it has");
}

}  // namespace
}  // namespace guideway
