// SPDX-License-Identifier: Apache-2.0
// What the kernel says about links, neighbours and routes, reduced to what a next hop depends on. Values only.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "dataplane/net/address.hh"

namespace guideway {

struct Link {
  int index = 0;
  std::string name;
  MacAddress mac;
  bool running = false;   // administratively up and with carrier
  bool resolves = false;  // Ethernet, with ARP and ND: no loopback, tunnel or dummy
  std::uint32_t mtu_bytes = 0;
  std::uint16_t vlan = 0;  // of an 802.1Q interface: its tag; else 0
  int parent = 0;          // and the link that it sits on
  friend bool operator==(const Link&, const Link&) = default;
};

struct NeighbourKey {
  int link = 0;
  IpAddress address;
  friend auto operator<=>(const NeighbourKey&, const NeighbourKey&) = default;
};

enum class NeighbourState : std::uint8_t {
  unresolved,  // incomplete, failed, or none
  stale,       // usable, unverified for a while
  fresh,       // reachable, or being verified right now
  permanent,   // an operator's own
};

struct Neighbour {
  NeighbourKey key;
  NeighbourState state = NeighbourState::unresolved;
  MacAddress mac;  // unless unresolved
  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

struct Route {
  int link = 0;                      // 0: there is no way, and `why_not` says why
  std::optional<IpAddress> gateway;  // possibly of the other family (RFC 5549)
  IpAddress preferred_source;
  std::uint32_t mtu_bytes = 0;  // 0: the link's
  std::string why_not;
  friend bool operator==(const Route&, const Route&) = default;
};

}  // namespace guideway
