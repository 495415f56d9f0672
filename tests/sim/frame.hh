// SPDX-License-Identifier: Apache-2.0
// The smallest frame that carries a flow's packet.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "dataplane/net/checksum.hh"
#include "dataplane/net/ethernet.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/net/udp.hh"
#include "ebpf/abi/flow_key.h"

namespace guideway::sim {

inline void write_frame(std::byte* at, const gw_flow_key& key, std::uint8_t tcp_flags, std::uint32_t& length_bytes) {
  const bool is_tcp = key.protocol == static_cast<std::uint8_t>(Protocol::tcp);
  const std::uint32_t l4_bytes = is_tcp ? sizeof(TcpHeader) : sizeof(UdpHeader);
  EthernetHeader ethernet{};
  ethernet.type = be16(static_cast<std::uint16_t>(EtherType::ipv4));
  Ipv4Header ip{};
  ip.version_and_ihl = 0x45;
  ip.total_length = be16(static_cast<std::uint16_t>(sizeof ip + l4_bytes));
  ip.time_to_live = 64;
  ip.protocol = key.protocol;
  std::memcpy(ip.source.data(), key.source, 4);
  std::memcpy(ip.destination.data(), key.destination, 4);
  ip.checksum = be16::from_raw(header_checksum(&ip, sizeof ip));
  std::memcpy(at, &ethernet, sizeof ethernet);
  std::memcpy(at + sizeof ethernet, &ip, sizeof ip);
  std::byte* l4 = at + sizeof ethernet + sizeof ip;
  if (is_tcp) {
    TcpHeader tcp{};
    tcp.source_port = be16::from_raw(key.source_port_be16);
    tcp.destination_port = be16::from_raw(key.destination_port_be16);
    tcp.data_offset_and_reserved = 0x50;
    tcp.flags = tcp_flags;
    std::memcpy(l4, &tcp, sizeof tcp);
  } else {
    UdpHeader udp{};
    udp.source_port = be16::from_raw(key.source_port_be16);
    udp.destination_port = be16::from_raw(key.destination_port_be16);
    udp.length = be16(sizeof udp);
    std::memcpy(l4, &udp, sizeof udp);
  }
  length_bytes = static_cast<std::uint32_t>(sizeof ethernet + sizeof ip) + l4_bytes;
}

}  // namespace guideway::sim
