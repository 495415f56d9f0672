// SPDX-License-Identifier: Apache-2.0
// The watcher against a real kernel: this process moves into a network namespace of its own and joins it by veth to
// a second one, held by a child process. Both vanish with their processes. Needs root, ip and nsenter.
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

#include "controlplane/neighbours/neighbour_watcher.hh"
#include "tests/netns/neighbours/peer_namespace.hh"

namespace guideway {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

const IpAddress peer_v4 = ip("192.0.2.10");
const IpAddress peer_v6 = ip("2001:db8::10");
const MacAddress peer_mac = *MacAddress::parse("02:00:00:00:00:10");
const MacAddress new_mac = *MacAddress::parse("02:00:00:00:00:77");

class NeighbourWatcherNetns : public ::testing::Test {
 protected:
  void SetUp() override {
    run("ip link set lo up");
    run("ip link add gwbox type veth peer name gwpeer");
    run("ip link set gwpeer netns " + peer.pid());
    run("ip addr add 192.0.2.2/24 dev gwbox && ip addr add 2001:db8::2/64 dev gwbox nodad && ip link set gwbox up");
    peer.run_inside("ip link set lo up; ip link set gwpeer address " + peer_mac.text() +
                    "; ip addr add 192.0.2.10/24 dev gwpeer; ip addr add 192.0.2.1/24 dev gwpeer;"
                    "ip addr add 2001:db8::10/64 dev gwpeer nodad; ip addr add 2001:db8::1/64 dev gwpeer nodad;"
                    "ip link set gwpeer up; echo 1 > /proc/sys/net/ipv4/conf/gwpeer/arp_notify;"
                    "echo 1 > /proc/sys/net/ipv6/conf/gwpeer/ndisc_notify");
    auto opened = NeighbourWatcher::open(io, [this](const std::vector<IpAddress>& changed) {
      for (const IpAddress& address : changed) told.insert(address);
    });
    ASSERT_TRUE(opened) << opened.error().message;
    watcher = std::move(*opened);
  }

  void TearDown() override {
    watcher.reset();
    run("ip link del gwbox && ip route flush table main");
  }

  // Runs until the condition holds; prints how long that took.
  template <typename Condition>
  bool within(milliseconds patience, const char* what, Condition condition) {
    const auto began = Clock::now();
    while (!condition()) {
      if (Clock::now() - began > patience) return false;
      io.run_one_for(milliseconds(10));
    }
    std::cout << what << ": " << std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count()
              << " us\n";
    return true;
  }
  bool resolved_to(const IpAddress& address, const MacAddress& mac) const {
    const auto hop = watcher->find(address);
    return hop && hop->mac == mac;
  }
  bool both_resolved(const MacAddress& mac) const { return resolved_to(peer_v4, mac) && resolved_to(peer_v6, mac); }
  void resolve_both() {
    watcher->set_wanted({peer_v4, peer_v6});
    ASSERT_TRUE(within(milliseconds(3000), "resolved", [this] { return both_resolved(peer_mac); }))
        << watcher->why_unresolved(peer_v4) << "; " << watcher->why_unresolved(peer_v6);
  }
  void pass(milliseconds time) {
    const auto until = Clock::now() + time;
    while (Clock::now() < until) io.run_one_for(milliseconds(10));
  }

  PeerNamespace peer;
  boost::asio::io_context io;
  std::set<IpAddress> told;
  std::unique_ptr<NeighbourWatcher> watcher;
};

TEST_F(NeighbourWatcherNetns, ResolvesBothFamilies) {
  EXPECT_FALSE(watcher->find(peer_v4));
  watcher->set_wanted({peer_v4, peer_v6});
  EXPECT_TRUE(watcher->undecided(peer_v4));
  resolve_both();
  const auto hop = watcher->find(peer_v4);
  EXPECT_EQ(hop->interface, "gwbox");
  EXPECT_EQ(hop->preferred_source, ip("192.0.2.2"));
  EXPECT_EQ(hop->gateway_or_self, peer_v4);
  EXPECT_EQ(hop->mtu_bytes, 1500);
  EXPECT_NE(hop->interface_mac, MacAddress{});
  EXPECT_EQ(watcher->find(peer_v6)->preferred_source, ip("2001:db8::2"));
  EXPECT_EQ(watcher->find(peer_v6)->gateway_or_self, peer_v6);
  EXPECT_EQ(watcher->why_unresolved(peer_v4), "");
  pass(milliseconds(20));
  EXPECT_EQ(told, (std::set<IpAddress>{peer_v4, peer_v6}));
}

TEST_F(NeighbourWatcherNetns, AFloodOfAddressesWaitsWhileItIsHeld) {
  run("ip route add blackhole 198.18.0.0/16");
  std::set<IpAddress> wanted{peer_v4};
  for (int i = 0; i < 1000; ++i)
    wanted.insert(ip(("198.18." + std::to_string(i / 250) + "." + std::to_string(i % 250)).c_str()));
  const auto looked_up = [&] {
    return std::count_if(wanted.begin(), wanted.end(),
                         [&](const IpAddress& address) { return !watcher->undecided(address); });
  };
  watcher->hold();
  watcher->set_wanted(wanted);
  pass(milliseconds(100));
  EXPECT_LT(looked_up(), 300);
  EXPECT_TRUE(within(milliseconds(1000), "resolved", [this] { return resolved_to(peer_v4, peer_mac); }))
      << "events are followed";
  watcher->go_on();
  EXPECT_TRUE(within(milliseconds(300), "looked up", [&] { return looked_up() == 1001; }));
}

TEST_F(NeighbourWatcherNetns, FollowsAMacThatChangesWithinASecond) {
  resolve_both();
  peer.run_inside("ip link set gwpeer address " + new_mac.text());  // announces itself: arp_notify, ndisc_notify
  EXPECT_TRUE(within(milliseconds(1000), "followed", [this] { return both_resolved(new_mac); }));
}

TEST_F(NeighbourWatcherNetns, FollowsASilentMacChangeAfterAHint) {
  resolve_both();
  peer.run_inside(
      "echo 0 > /proc/sys/net/ipv4/conf/gwpeer/arp_notify; echo 0 > /proc/sys/net/ipv6/conf/gwpeer/ndisc_notify;"
      "ip link set gwpeer address " +
      new_mac.text());
  pass(milliseconds(500));
  EXPECT_TRUE(both_resolved(peer_mac)) << "nobody can know yet";
  watcher->verify(peer_v4);
  watcher->verify(peer_v6);
  EXPECT_TRUE(within(milliseconds(5000), "followed after a hint", [this] { return both_resolved(new_mac); }));
}

TEST_F(NeighbourWatcherNetns, AFlushIsNotNoticed) {
  resolve_both();
  pass(milliseconds(50));
  told.clear();
  for (int i = 0; i < 3; ++i) {
    run("ip neigh flush dev gwbox");
    pass(milliseconds(1500));
    EXPECT_TRUE(both_resolved(peer_mac)) << watcher->why_unresolved(peer_v4) << watcher->why_unresolved(peer_v6);
  }
  EXPECT_TRUE(told.empty()) << "no answer changed, not even for a moment";
}

TEST_F(NeighbourWatcherNetns, FollowsARouteToAGateway) {
  const IpAddress far_v4 = ip("198.51.100.7");
  const IpAddress far_v6 = ip("2001:db8:1::7");
  watcher->set_wanted({far_v4, far_v6});
  EXPECT_EQ(watcher->why_unresolved(far_v4), "there is no route to it (Network is unreachable)");
  EXPECT_FALSE(watcher->undecided(far_v4));
  run("ip route add 198.51.100.0/24 via 192.0.2.1 mtu 1400 && ip -6 route add 2001:db8:1::/64 via 2001:db8::1");
  ASSERT_TRUE(within(milliseconds(3000), "route followed",
                     [&] { return resolved_to(far_v4, peer_mac) && resolved_to(far_v6, peer_mac); }))
      << watcher->why_unresolved(far_v4) << "; " << watcher->why_unresolved(far_v6);
  EXPECT_EQ(watcher->find(far_v4)->gateway_or_self, ip("192.0.2.1"));
  EXPECT_EQ(watcher->find(far_v4)->mtu_bytes, 1400);
  EXPECT_EQ(watcher->find(far_v6)->gateway_or_self, ip("2001:db8::1"));
  run("ip route replace 198.51.100.0/24 via 192.0.2.10");
  EXPECT_TRUE(within(milliseconds(1000), "gateway followed", [&] {
    const auto hop = watcher->find(far_v4);
    return hop && hop->gateway_or_self == peer_v4;
  }));
  run("ip route replace blackhole 198.51.100.0/24");
  EXPECT_TRUE(within(milliseconds(1000), "blackhole", [&] { return !watcher->find(far_v4); }));
  EXPECT_EQ(watcher->why_unresolved(far_v4), "its route is a blackhole");
  run("ip route replace prohibit 198.51.100.0/24 && ip -6 route replace unreachable 2001:db8:1::/64");
  EXPECT_TRUE(within(milliseconds(1000), "prohibited", [&] {
    return watcher->why_unresolved(far_v4) == "its route says prohibited" && !watcher->find(far_v6);
  }));
  std::cout << watcher->why_unresolved(far_v6) << "\n";
}

TEST_F(NeighbourWatcherNetns, AnIpv4RouteByAnIpv6Gateway) {
  const IpAddress far_v4 = ip("198.51.100.7");
  run("ip route add 198.51.100.0/24 via inet6 2001:db8::1 dev gwbox");
  watcher->set_wanted({far_v4});
  ASSERT_TRUE(within(milliseconds(3000), "resolved", [&] { return resolved_to(far_v4, peer_mac); }))
      << watcher->why_unresolved(far_v4);
  EXPECT_EQ(watcher->find(far_v4)->gateway_or_self, ip("2001:db8::1"));
}

TEST_F(NeighbourWatcherNetns, ARouteOverAVlan) {
  if (std::system("ip link add link gwbox name gwbox.20 type vlan id 20 2> /dev/null") != 0)  // NOLINT
    GTEST_SKIP() << "this kernel makes no VLAN interfaces";
  run("ip addr add 203.0.113.2/24 dev gwbox.20 && ip link set gwbox.20 up");
  peer.run_inside(
      "ip link add link gwpeer name gwpeer.20 type vlan id 20; ip addr add 203.0.113.10/24 dev gwpeer.20;"
      "ip link set gwpeer.20 up");
  const IpAddress tagged = ip("203.0.113.10");
  watcher->set_wanted({tagged, peer_v4});
  ASSERT_TRUE(within(milliseconds(3000), "resolved", [&] { return resolved_to(tagged, peer_mac); }))
      << watcher->why_unresolved(tagged);
  EXPECT_EQ(watcher->find(tagged)->interface, "gwbox.20");
  EXPECT_EQ(watcher->find(tagged)->vlan, 20);
  EXPECT_EQ(watcher->find(tagged)->parent_interface, "gwbox");
}

TEST_F(NeighbourWatcherNetns, FollowsTheInterfaceDownAndUp) {
  resolve_both();
  run("ip link set gwbox down");
  EXPECT_TRUE(within(milliseconds(500), "down", [this] { return !watcher->find(peer_v4) && !watcher->find(peer_v6); }));
  pass(milliseconds(200));
  std::cout << watcher->why_unresolved(peer_v4) << "\n";
  run("ip link set gwbox up");
  run("ip addr replace 2001:db8::2/64 dev gwbox nodad");  // IPv6 addresses do not outlive the interface going down
  EXPECT_TRUE(within(milliseconds(5000), "up", [this] { return both_resolved(peer_mac); }));
  peer.run_inside("ip link set gwpeer down");
  EXPECT_TRUE(within(milliseconds(500), "no carrier", [this] { return !watcher->find(peer_v4); }));
  std::cout << watcher->why_unresolved(peer_v4) << "\n";
}

TEST_F(NeighbourWatcherNetns, FollowsTheInterfacesOwnMacAndMtu) {
  resolve_both();
  run("ip link set gwbox address " + new_mac.text() + " && ip link set gwbox mtu 1300");
  EXPECT_TRUE(within(milliseconds(1000), "own MAC and MTU", [this] {
    const auto hop = watcher->find(peer_v4);
    return hop && hop->interface_mac == new_mac && hop->mtu_bytes == 1300;
  }));
}

TEST_F(NeighbourWatcherNetns, ASilentAddressIsAskedForUntilItAnswers) {
  const IpAddress late = ip("192.0.2.99");
  watcher->set_wanted({late});
  EXPECT_TRUE(within(milliseconds(2500), "given up", [&] { return !watcher->undecided(late) && told.contains(late); }));
  EXPECT_EQ(watcher->why_unresolved(late), "192.0.2.99 does not answer ARP on interface gwbox");
  pass(milliseconds(4000));
  peer.run_inside("ip addr add 192.0.2.99/24 dev gwpeer");
  EXPECT_TRUE(within(milliseconds(2500), "answered", [&] { return resolved_to(late, peer_mac); }));
}

TEST_F(NeighbourWatcherNetns, ALostEventIsMadeUpFor) {
  resolve_both();
  // More events than the socket holds, while nobody reads: the kernel drops some, the last one included.
  run("(for i in $(seq 0 255); do for j in $(seq 0 255); do echo route add 10.$i.$j.0/24 via 192.0.2.1; done; done) "
      "| ip -batch -");
  peer.run_inside("ip link set gwpeer address " + new_mac.text());
  EXPECT_TRUE(within(milliseconds(3000), "caught up", [this] { return both_resolved(new_mac); }));
}

TEST_F(NeighbourWatcherNetns, LinksWithoutMacAddressesAreNoWay) {
  watcher->set_wanted({ip("192.0.2.2"), ip("203.0.113.9")});
  EXPECT_EQ(watcher->why_unresolved(ip("192.0.2.2")), "it is an address of this machine");
  run("ip route add 203.0.113.0/24 dev lo");
  EXPECT_TRUE(within(milliseconds(1000), "told", [&] {
    return watcher->why_unresolved(ip("203.0.113.9")) ==
           "its route leads to interface lo, where no neighbour has a MAC address";
  })) << watcher->why_unresolved(ip("203.0.113.9"));
}

TEST_F(NeighbourWatcherNetns, ResolvesWithoutPrivileges) {
  ASSERT_EQ(::seteuid(65534), 0);
  watcher->set_wanted({peer_v4, peer_v6});
  EXPECT_TRUE(within(milliseconds(3000), "resolved by a datagram", [this] { return both_resolved(peer_mac); }))
      << watcher->why_unresolved(peer_v4) << "; " << watcher->why_unresolved(peer_v6);
  ASSERT_EQ(::seteuid(0), 0);
}

}  // namespace
}  // namespace guideway

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  constexpr int skipped = 77;
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNET) != 0) {
    std::cout << "skipped: making network namespaces needs root\n";
    return skipped;
  }
  if (std::system("command -v ip > /dev/null && command -v nsenter > /dev/null") != 0) {  // NOLINT
    std::cout << "skipped: ip (iproute2) or nsenter (util-linux) is missing\n";
    return skipped;
  }
  if (!guideway::PeerNamespace().works()) {
    std::cout << "skipped: this kernel gives no second network namespace\n";
    return skipped;
  }
  return RUN_ALL_TESTS();
}
