// SPDX-License-Identifier: Apache-2.0
// Messages as the kernel sends them, whole and damaged, read into facts.
#include "controlplane/neighbours/netlink_messages.hh"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <cstring>

namespace guideway {
namespace {

const MacAddress some_mac = *MacAddress::parse("02:00:00:00:00:01");

template <typename T>
NetlinkMessage message(int type, T family_header) {
  NetlinkMessage built(nlmsg_alloc_simple(type, 0));
  nlmsg_append(built.get(), &family_header, sizeof family_header, NLMSG_ALIGNTO);
  return built;
}

void put(const NetlinkMessage& built, int type, const IpAddress& address) {
  nla_put(built.get(), type, address.family == Family::ipv4 ? 4 : 16, address.bytes.data());
}

NetlinkMessage neighbour_message(std::uint16_t state, bool with_mac = true, std::uint8_t flags = 0) {
  ndmsg info{};
  info.ndm_family = AF_INET;
  info.ndm_ifindex = 3;
  info.ndm_state = state;
  info.ndm_flags = flags;
  NetlinkMessage built = message(RTM_NEWNEIGH, info);
  put(built, NDA_DST, *IpAddress::parse("192.0.2.9"));
  if (with_mac) nla_put(built.get(), NDA_LLADDR, 6, some_mac.bytes.data());
  return built;
}

TEST(NetlinkMessages, NeighbourStates) {
  const auto state = [](std::uint16_t kernel_state) {
    return neighbour_of(nlmsg_hdr(neighbour_message(kernel_state).get()))->state;
  };
  EXPECT_EQ(state(NUD_REACHABLE), NeighbourState::fresh);
  EXPECT_EQ(state(NUD_DELAY), NeighbourState::fresh);
  EXPECT_EQ(state(NUD_PROBE), NeighbourState::fresh);
  EXPECT_EQ(state(NUD_STALE), NeighbourState::stale);
  EXPECT_EQ(state(NUD_PERMANENT), NeighbourState::permanent);
  EXPECT_EQ(state(NUD_FAILED), NeighbourState::unresolved);
  EXPECT_EQ(state(NUD_INCOMPLETE), NeighbourState::unresolved);
  EXPECT_EQ(state(NUD_NOARP), NeighbourState::unresolved);
  const auto whole = neighbour_of(nlmsg_hdr(neighbour_message(NUD_REACHABLE).get()));
  EXPECT_EQ(whole, (Neighbour{{3, *IpAddress::parse("192.0.2.9")}, NeighbourState::fresh, some_mac}));
  EXPECT_EQ(neighbour_of(nlmsg_hdr(neighbour_message(NUD_REACHABLE, false).get()))->state, NeighbourState::unresolved)
      << "without a MAC there is nothing to send to";
  EXPECT_FALSE(neighbour_of(nlmsg_hdr(neighbour_message(NUD_REACHABLE, true, NTF_PROXY).get())));
}

TEST(NetlinkMessages, NeighboursOfOtherFamiliesAreNoFacts) {
  ndmsg info{};
  info.ndm_family = AF_BRIDGE;
  const NetlinkMessage bridge = message(RTM_NEWNEIGH, info);
  nla_put(bridge.get(), NDA_LLADDR, 6, some_mac.bytes.data());
  EXPECT_FALSE(neighbour_of(nlmsg_hdr(bridge.get())));
  info.ndm_family = AF_INET6;
  const NetlinkMessage mixed = message(RTM_NEWNEIGH, info);
  put(mixed, NDA_DST, *IpAddress::parse("192.0.2.9"));
  EXPECT_FALSE(neighbour_of(nlmsg_hdr(mixed.get()))) << "four bytes are no IPv6 address";
}

std::optional<Link> link_with(unsigned flags, unsigned short type, bool with_mac = true) {
  ifinfomsg info{};
  info.ifi_index = 5;
  info.ifi_type = type;
  info.ifi_flags = flags;
  const NetlinkMessage built = message(RTM_NEWLINK, info);
  nla_put_string(built.get(), IFLA_IFNAME, "eth7");
  nla_put_u32(built.get(), IFLA_MTU, 9000);
  if (with_mac) nla_put(built.get(), IFLA_ADDRESS, 6, some_mac.bytes.data());
  return link_of(nlmsg_hdr(built.get()));
}

TEST(NetlinkMessages, Links) {
  EXPECT_EQ(link_with(IFF_UP | IFF_RUNNING, ARPHRD_ETHER), (Link{5, "eth7", some_mac, true, true, 9000}));
  EXPECT_FALSE(link_with(IFF_UP, ARPHRD_ETHER)->running) << "no carrier";
  EXPECT_FALSE(link_with(IFF_RUNNING, ARPHRD_ETHER)->running);
  EXPECT_FALSE(link_with(IFF_UP | IFF_NOARP, ARPHRD_ETHER)->resolves);
  EXPECT_FALSE(link_with(IFF_UP | IFF_LOOPBACK, ARPHRD_LOOPBACK)->resolves);
  EXPECT_FALSE(link_with(IFF_UP | IFF_POINTOPOINT, ARPHRD_PPP)->resolves);
  EXPECT_FALSE(link_with(IFF_UP, ARPHRD_ETHER, false)->resolves);
}

// An interface of a kind on link 5, as `ip link add link` makes it.
struct Stacked {
  const char* kind = "vlan";
  std::uint16_t id = 20;
  std::uint16_t protocol = 0x8100;
  bool is_in_other_namespace = false;
  bool has_data = true;
};

Link stacked_link(const Stacked& stacked) {
  ifinfomsg info{};
  info.ifi_index = 9;
  info.ifi_type = ARPHRD_ETHER;
  info.ifi_flags = IFF_UP | IFF_RUNNING;
  const NetlinkMessage built = message(RTM_NEWLINK, info);
  nla_put_string(built.get(), IFLA_IFNAME, "eth7.20");
  nla_put_u32(built.get(), IFLA_LINK, 5);
  nla_put(built.get(), IFLA_ADDRESS, 6, some_mac.bytes.data());
  if (stacked.is_in_other_namespace) nla_put_u32(built.get(), IFLA_LINK_NETNSID, 0);
  nlattr* outer = nla_nest_start(built.get(), IFLA_LINKINFO);
  nla_put_string(built.get(), IFLA_INFO_KIND, stacked.kind);
  if (stacked.has_data) {
    nlattr* data = nla_nest_start(built.get(), IFLA_INFO_DATA);
    nla_put_u16(built.get(), IFLA_VLAN_PROTOCOL, htons(stacked.protocol));
    nla_put_u16(built.get(), IFLA_VLAN_ID, stacked.id);
    nla_nest_end(built.get(), data);
  }
  nla_nest_end(built.get(), outer);
  return link_of(nlmsg_hdr(built.get())).value_or(Link{});
}

TEST(NetlinkMessages, VlanInterfaces) {
  const Link vlan = stacked_link({});
  EXPECT_EQ(vlan.vlan, 20);
  EXPECT_EQ(vlan.parent, 5);
  EXPECT_TRUE(vlan.resolves);
  EXPECT_EQ(stacked_link({.protocol = 0x88a8}).vlan, 0) << "a tag that the datapath does not write";
  EXPECT_EQ(stacked_link({.kind = "macvlan", .has_data = false}).vlan, 0);
  EXPECT_EQ(stacked_link({.kind = "macvlan"}).vlan, 0) << "whatever its data looks like";
  EXPECT_EQ(stacked_link({.has_data = false}).vlan, 0);
  EXPECT_EQ(stacked_link({.is_in_other_namespace = true}).vlan, 0) << "link 5 is another one here";
}

rtmsg route_header(unsigned char type, unsigned char family = AF_INET) {
  rtmsg info{};
  info.rtm_family = family;
  info.rtm_type = type;
  return info;
}

TEST(NetlinkMessages, Routes) {
  const NetlinkMessage whole = message(RTM_NEWROUTE, route_header(RTN_UNICAST));
  nla_put_u32(whole.get(), RTA_OIF, 4);
  put(whole, RTA_GATEWAY, *IpAddress::parse("192.0.2.1"));
  put(whole, RTA_PREFSRC, *IpAddress::parse("192.0.2.2"));
  nlattr* metrics = nla_nest_start(whole.get(), RTA_METRICS);
  nla_put_u32(whole.get(), RTAX_MTU, 1280);
  nla_nest_end(whole.get(), metrics);
  EXPECT_EQ(route_of(nlmsg_hdr(whole.get())),
            (Route{4, *IpAddress::parse("192.0.2.1"), *IpAddress::parse("192.0.2.2"), 1280, ""}));

  const NetlinkMessage plain = message(RTM_NEWROUTE, route_header(RTN_UNICAST, AF_INET6));
  nla_put_u32(plain.get(), RTA_OIF, 4);
  const auto route = route_of(nlmsg_hdr(plain.get()));
  EXPECT_FALSE(route->gateway);
  EXPECT_EQ(route->preferred_source.family, Family::ipv6);

  const NetlinkMessage via = message(RTM_NEWROUTE, route_header(RTN_UNICAST));
  nla_put_u32(via.get(), RTA_OIF, 4);
  const IpAddress gateway = *IpAddress::parse("fe80::1");
  std::array<std::uint8_t, sizeof(rtvia) + 16> bytes{};
  rtvia family{};
  family.rtvia_family = AF_INET6;
  std::memcpy(bytes.data(), &family, sizeof family);
  std::memcpy(bytes.data() + sizeof family, gateway.bytes.data(), 16);
  nla_put(via.get(), RTA_VIA, static_cast<int>(bytes.size()), bytes.data());
  EXPECT_EQ(route_of(nlmsg_hdr(via.get()))->gateway, gateway);
}

TEST(NetlinkMessages, RoutesThatLeadNowhere) {
  const auto why = [](unsigned char type) {
    const auto route = route_of(nlmsg_hdr(message(RTM_NEWROUTE, route_header(type)).get()));
    EXPECT_EQ(route->link, 0);
    return route->why_not;
  };
  EXPECT_EQ(why(RTN_LOCAL), "it is an address of this machine");
  EXPECT_EQ(why(RTN_BLACKHOLE), "its route is a blackhole");
  EXPECT_EQ(why(RTN_MULTICAST), "it is no unicast address");
  EXPECT_EQ(why(RTN_UNICAST), "its route names no interface");
}

// Every prefix of a message, with the length in its header saying so, is read without harm (the sanitizers judge).
TEST(NetlinkMessages, TruncatedOnesDoNoHarm) {
  const NetlinkMessage whole = neighbour_message(NUD_REACHABLE);
  const auto* header = nlmsg_hdr(whole.get());
  constexpr std::uint32_t padding_bytes = 2;  // behind the MAC
  for (std::uint32_t length = sizeof(nlmsghdr); length < header->nlmsg_len - padding_bytes; ++length) {
    std::vector<char> copy(length);
    std::memcpy(copy.data(), header, length);
    auto* cut = reinterpret_cast<nlmsghdr*>(copy.data());
    cut->nlmsg_len = length;
    const auto neighbour = neighbour_of(cut);
    if (neighbour) {
      EXPECT_EQ(neighbour->state, NeighbourState::unresolved) << "its MAC comes last";
    }
    static_cast<void>(link_of(cut));
    static_cast<void>(route_of(cut));
  }
}

}  // namespace
}  // namespace guideway
