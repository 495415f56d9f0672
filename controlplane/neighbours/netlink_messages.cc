// SPDX-License-Identifier: Apache-2.0
#include "controlplane/neighbours/netlink_messages.hh"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace guideway {
namespace {

// libnl does not promise to leave the header alone, but its parsers only read.
nlmsghdr* writable(const nlmsghdr* header) { return const_cast<nlmsghdr*>(header); }

template <std::size_t Size>
bool parse(const nlmsghdr* header, std::size_t family_header_bytes, std::array<nlattr*, Size>& attributes) {
  attributes.fill(nullptr);
  return nlmsg_parse(writable(header), static_cast<int>(family_header_bytes), attributes.data(),
                     static_cast<int>(Size) - 1, nullptr) >= 0;
}

template <typename T>
const T* payload_of(const nlmsghdr* header) {
  if (!nlmsg_valid_hdr(header, sizeof(T))) return nullptr;
  return static_cast<const T*>(nlmsg_data(header));
}

std::optional<IpAddress> address_from(const void* bytes, std::size_t size, int family) {
  IpAddress address;
  if (family == AF_INET && size == 4) {
    address.family = Family::ipv4;
  } else if (family == AF_INET6 && size == 16) {
    address.family = Family::ipv6;
  } else {
    return std::nullopt;
  }
  std::memcpy(address.bytes.data(), bytes, size);
  return address;
}

std::optional<IpAddress> address_of(nlattr* attribute, int family) {
  if (attribute == nullptr) return std::nullopt;
  return address_from(nla_data(attribute), static_cast<std::size_t>(nla_len(attribute)), family);
}

std::optional<MacAddress> mac_of(nlattr* attribute) {
  MacAddress mac;
  if (attribute == nullptr || nla_len(attribute) != static_cast<int>(mac.bytes.size())) return std::nullopt;
  std::memcpy(mac.bytes.data(), nla_data(attribute), mac.bytes.size());
  return mac;
}

std::uint32_t number_of(nlattr* attribute) {
  if (attribute == nullptr || nla_len(attribute) < static_cast<int>(sizeof(std::uint32_t))) return 0;
  return nla_get_u32(attribute);
}

// Only what the datapath can do as well: one tag of 802.1Q, on a link of this network namespace.
void fill_vlan(Link& link, const std::array<nlattr*, IFLA_MAX + 1>& attributes) {
  std::array<nlattr*, IFLA_INFO_MAX + 1> info{};
  std::array<nlattr*, IFLA_VLAN_MAX + 1> vlan{};
  if (attributes[IFLA_LINKINFO] == nullptr || attributes[IFLA_LINK_NETNSID] != nullptr ||
      nla_parse_nested(info.data(), IFLA_INFO_MAX, attributes[IFLA_LINKINFO], nullptr) < 0)
    return;
  if (info[IFLA_INFO_KIND] == nullptr || nla_strcmp(info[IFLA_INFO_KIND], "vlan") != 0) return;
  if (info[IFLA_INFO_DATA] == nullptr ||
      nla_parse_nested(vlan.data(), IFLA_VLAN_MAX, info[IFLA_INFO_DATA], nullptr) < 0)
    return;
  const auto number = [](nlattr* attribute) -> std::uint16_t {
    return attribute == nullptr || nla_len(attribute) != static_cast<int>(sizeof(std::uint16_t))
               ? std::uint16_t{0}
               : nla_get_u16(attribute);
  };
  if (vlan[IFLA_VLAN_PROTOCOL] != nullptr && number(vlan[IFLA_VLAN_PROTOCOL]) != htons(ETH_P_8021Q)) return;
  link.vlan = number(vlan[IFLA_VLAN_ID]);
  link.parent = static_cast<int>(number_of(attributes[IFLA_LINK]));
}

NeighbourState state_of(std::uint16_t kernel_state) {
  if ((kernel_state & NUD_PERMANENT) != 0) return NeighbourState::permanent;
  if ((kernel_state & NUD_STALE) != 0) return NeighbourState::stale;
  if ((kernel_state & (NUD_REACHABLE | NUD_DELAY | NUD_PROBE)) != 0) return NeighbourState::fresh;
  return NeighbourState::unresolved;
}

std::string why_no_way(unsigned char route_type) {
  switch (route_type) {
    case RTN_LOCAL:
      return "it is an address of this machine";
    case RTN_BROADCAST:
    case RTN_ANYCAST:
    case RTN_MULTICAST:
      return "it is no unicast address";
    case RTN_BLACKHOLE:
      return "its route is a blackhole";
    case RTN_UNREACHABLE:
      return "its route says unreachable";
    case RTN_PROHIBIT:
      return "its route says prohibited";
    default:
      return "its route is of a kind that leads nowhere";
  }
}

std::optional<IpAddress> gateway_of(const std::array<nlattr*, RTA_MAX + 1>& attributes, int family) {
  if (attributes[RTA_VIA] != nullptr) {
    const auto* via = static_cast<const rtvia*>(nla_data(attributes[RTA_VIA]));
    const auto size = static_cast<std::size_t>(nla_len(attributes[RTA_VIA]));
    if (size <= sizeof(rtvia)) return std::nullopt;
    return address_from(&via->rtvia_addr, size - sizeof(rtvia), via->rtvia_family);
  }
  return address_of(attributes[RTA_GATEWAY], family);
}

std::uint32_t route_mtu(nlattr* metrics) {
  std::array<nlattr*, RTAX_MAX + 1> attributes{};
  if (metrics == nullptr || nla_parse_nested(attributes.data(), RTAX_MAX, metrics, nullptr) < 0) return 0;
  return number_of(attributes[RTAX_MTU]);
}

template <typename T>
NetlinkMessage request(int type, int flags, const T& family_header) {
  NetlinkMessage message(nlmsg_alloc_simple(type, flags));
  if (!message) throw std::bad_alloc();
  // Large enough by construction: a fresh message has room for a page.
  static_cast<void>(nlmsg_append(message.get(), const_cast<T*>(&family_header), sizeof(T), NLMSG_ALIGNTO));
  return message;
}

int kernel_family(const IpAddress& address) { return address.family == Family::ipv4 ? AF_INET : AF_INET6; }
int size_of(const IpAddress& address) { return address.family == Family::ipv4 ? 4 : 16; }

NetlinkMessage change_neighbour(const NeighbourKey& key, std::uint16_t state, std::uint8_t flags, int create) {
  ndmsg neighbour{};
  neighbour.ndm_family = static_cast<unsigned char>(kernel_family(key.address));
  neighbour.ndm_ifindex = key.link;
  neighbour.ndm_state = state;
  neighbour.ndm_flags = flags;
  NetlinkMessage message = request(RTM_NEWNEIGH, NLM_F_REPLACE | create, neighbour);
  static_cast<void>(nla_put(message.get(), NDA_DST, size_of(key.address), key.address.bytes.data()));
  return message;
}

}  // namespace

void FreeNetlinkMessage::operator()(nl_msg* message) const noexcept { nlmsg_free(message); }

std::optional<Link> link_of(const nlmsghdr* header) {
  const auto* info = payload_of<ifinfomsg>(header);
  std::array<nlattr*, IFLA_MAX + 1> attributes{};
  if (info == nullptr || info->ifi_family != AF_UNSPEC || !parse(header, sizeof(ifinfomsg), attributes)) {
    return std::nullopt;
  }
  if (attributes[IFLA_IFNAME] == nullptr) return std::nullopt;
  Link link;
  link.index = info->ifi_index;
  link.name = nla_get_string(attributes[IFLA_IFNAME]);
  link.running = (info->ifi_flags & IFF_UP) != 0 && (info->ifi_flags & IFF_RUNNING) != 0;
  const std::optional<MacAddress> mac = mac_of(attributes[IFLA_ADDRESS]);
  link.mac = mac.value_or(MacAddress{});
  constexpr unsigned without_neighbours = IFF_LOOPBACK | IFF_POINTOPOINT | IFF_NOARP;
  link.resolves = info->ifi_type == ARPHRD_ETHER && mac && (info->ifi_flags & without_neighbours) == 0;
  link.mtu_bytes = number_of(attributes[IFLA_MTU]);
  fill_vlan(link, attributes);
  return link;
}

std::optional<Neighbour> neighbour_of(const nlmsghdr* header) {
  const auto* info = payload_of<ndmsg>(header);
  std::array<nlattr*, NDA_MAX + 1> attributes{};
  if (info == nullptr || !parse(header, sizeof(ndmsg), attributes)) return std::nullopt;
  const std::optional<IpAddress> address = address_of(attributes[NDA_DST], info->ndm_family);
  if (!address || (info->ndm_flags & NTF_PROXY) != 0) return std::nullopt;
  Neighbour neighbour;
  neighbour.key = {info->ndm_ifindex, *address};
  const std::optional<MacAddress> mac = mac_of(attributes[NDA_LLADDR]);
  if (mac) {
    neighbour.state = state_of(info->ndm_state);
    if (neighbour.state != NeighbourState::unresolved) neighbour.mac = *mac;
  }
  return neighbour;
}

std::optional<Route> route_of(const nlmsghdr* header) {
  const auto* info = payload_of<rtmsg>(header);
  std::array<nlattr*, RTA_MAX + 1> attributes{};
  if (info == nullptr || !parse(header, sizeof(rtmsg), attributes)) return std::nullopt;
  Route route;
  if (info->rtm_type != RTN_UNICAST) {
    route.why_not = why_no_way(info->rtm_type);
    return route;
  }
  route.link = static_cast<int>(number_of(attributes[RTA_OIF]));
  if (route.link == 0) {
    route.why_not = "its route names no interface";
    return route;
  }
  route.gateway = gateway_of(attributes, info->rtm_family);
  IpAddress unspecified;
  unspecified.family = info->rtm_family == AF_INET6 ? Family::ipv6 : Family::ipv4;
  route.preferred_source = address_of(attributes[RTA_PREFSRC], info->rtm_family).value_or(unspecified);
  route.mtu_bytes = route_mtu(attributes[RTA_METRICS]);
  return route;
}

NetlinkMessage ask_for_all_links() { return request(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}); }

NetlinkMessage ask_for_all_neighbours() { return request(RTM_GETNEIGH, NLM_F_DUMP, ndmsg{}); }

NetlinkMessage ask_for_route(const IpAddress& address) {
  rtmsg route{};
  route.rtm_family = static_cast<unsigned char>(kernel_family(address));
  route.rtm_dst_len = static_cast<unsigned char>(size_of(address) * 8);
  NetlinkMessage message = request(RTM_GETROUTE, 0, route);
  static_cast<void>(nla_put(message.get(), RTA_DST, size_of(address), address.bytes.data()));
  return message;
}

NetlinkMessage use_neighbour(const NeighbourKey& key) { return change_neighbour(key, NUD_NONE, NTF_USE, NLM_F_CREATE); }

NetlinkMessage verify_neighbour(const NeighbourKey& key) { return change_neighbour(key, NUD_PROBE, 0, 0); }

}  // namespace guideway
