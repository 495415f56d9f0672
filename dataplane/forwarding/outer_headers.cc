// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/outer_headers.hh"

#include <cstring>

#include "dataplane/net/checksum.hh"
#include "dataplane/net/ethernet.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/own_header.hh"
#include "dataplane/net/tunnel.hh"
#include "dataplane/net/udp.hh"
#include "ebpf/abi/flow_key.h"

namespace guideway {

bool has_plain_tunnel(const gw_backend& backend) noexcept {
  const bool has_tunnel = backend.forward == GW_FORWARD_IPIP || backend.forward == GW_FORWARD_GUE;
  return has_tunnel && backend.family == GW_FAMILY_IPV4 && backend.flags == GW_BACKEND_RESOLVED && backend.vlan == 0 &&
         backend.outer_source_bits == 32;
}

OuterHeaders outer_headers_of(const gw_backend& backend) noexcept {
  OuterHeaders outer;
  if (!has_plain_tunnel(backend)) return outer;
  const bool is_gue = backend.forward == GW_FORWARD_GUE;
  outer.overhead_bytes = sizeof(Ipv4Header) + (is_gue ? sizeof(UdpHeader) + sizeof(GueHeader) : 0);
  outer.inner_bytes_max = static_cast<std::uint16_t>(
      backend.mtu_bytes > outer.overhead_bytes ? backend.mtu_bytes - outer.overhead_bytes : 0);
  outer.egress_port = backend.port;
  outer.tunnel_id = backend.tunnel_id;

  EthernetHeader ethernet{};
  std::memcpy(ethernet.destination.bytes.data(), backend.next_hop_mac, sizeof backend.next_hop_mac);
  std::memcpy(ethernet.source.bytes.data(), backend.source_mac, sizeof backend.source_mac);
  ethernet.type = be16(static_cast<std::uint16_t>(EtherType::ipv4));
  OwnHeader own;
  own.family = GW_FAMILY_IPV4;
  own.protocol = is_gue ? next_header::udp : 0;  // of IP in IP it is the packet's
  std::memcpy(own.source.data(), backend.outer_source, own.source.size());
  std::memcpy(own.destination.data(), backend.address, own.destination.size());
  Ipv4Header ip;
  write_own_header(reinterpret_cast<std::byte*>(&ip), own);
  ip.total_length = ip.checksum = be16(0);  // the packet's
  outer.checksum_words = fold_sum(sum_of_bytes(&ip, sizeof ip));
  std::memcpy(outer.bytes.data(), &ethernet, sizeof ethernet);
  std::memcpy(outer.bytes.data() + sizeof ethernet, &ip, sizeof ip);
  return outer;
}

}  // namespace guideway
