// SPDX-License-Identifier: Apache-2.0
// Ethernet II (IEEE 802.3) and the VLAN tag (IEEE 802.1Q).
#pragma once

#include "dataplane/net/address.hh"
#include "dataplane/net/endian.hh"

namespace guideway {

enum class EtherType : std::uint16_t { ipv4 = 0x0800, vlan = 0x8100, ipv6 = 0x86dd };

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  be16 type;

  [[nodiscard]] EtherType ether_type() const noexcept { return static_cast<EtherType>(type.host()); }
};
static_assert(sizeof(EthernetHeader) == 14 && alignof(EthernetHeader) <= 2);

// Stands behind an EthernetHeader whose type is vlan.
struct VlanTag {
  be16 control;  // bits 15..13 priority, bit 12 may be dropped first, bits 11..0 the VLAN
  be16 type;

  [[nodiscard]] EtherType ether_type() const noexcept { return static_cast<EtherType>(type.host()); }
};
static_assert(sizeof(VlanTag) == 4 && alignof(VlanTag) == 1);

inline constexpr std::uint16_t vlan_id_bits = 0x0fff;

// A group address: multicast or broadcast.
[[nodiscard]] constexpr bool is_group(const MacAddress& mac) noexcept { return (mac.bytes[0] & 1U) != 0; }

}  // namespace guideway
