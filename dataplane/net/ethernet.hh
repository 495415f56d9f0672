// SPDX-License-Identifier: Apache-2.0
// Ethernet II (IEEE 802.3).
#pragma once

#include "dataplane/net/address.hh"
#include "dataplane/net/endian.hh"

namespace guideway {

enum class EtherType : std::uint16_t { ipv4 = 0x0800, ipv6 = 0x86dd };

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  be16 type;

  [[nodiscard]] EtherType ether_type() const noexcept { return static_cast<EtherType>(type.host()); }
};
static_assert(sizeof(EthernetHeader) == 14 && alignof(EthernetHeader) <= 2);

}  // namespace guideway
