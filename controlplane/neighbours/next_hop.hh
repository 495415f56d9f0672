// SPDX-License-Identifier: Apache-2.0
// How the kernel would reach an address, down to the Ethernet header.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/net/address.hh"

namespace guideway {

struct NextHop {
  std::string interface;         // by which the kernel would send
  MacAddress mac;                // of the gateway, or of the address itself if it is on the link
  MacAddress interface_mac;      // of the interface
  IpAddress preferred_source;    // the kernel's choice for a packet to the address; all zero if it names none
  std::uint16_t mtu_bytes = 0;   // the lower of the route's and the interface's
  IpAddress gateway_or_self;     // equal to the address itself if that is on the link (which `l2` forwarding needs)
  std::uint16_t vlan = 0;        // the interface is a VLAN of this number
  std::string parent_interface;  // on this one; empty if it is none
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

}  // namespace guideway
