// SPDX-License-Identifier: Apache-2.0
// The link that the next hops of these tests are behind.
#pragma once

#include "controlplane/neighbours/next_hop_table.hh"

namespace guideway {

inline IpAddress ip(const char* text) { return *IpAddress::parse(text); }

inline const MacAddress uplink_mac = *MacAddress::parse("02:00:00:00:00:ff");
inline const Link ether{7, "uplink", uplink_mac, true, true, 1500};

}  // namespace guideway
