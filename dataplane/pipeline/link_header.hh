// SPDX-License-Identifier: Apache-2.0
// The Ethernet header towards a backend, with the VLAN tag that the backend has, whatever the received frame had.
#pragma once

#include <cstddef>
#include <cstring>

#include "dataplane/net/ethernet.hh"
#include "dataplane/pipeline/burst.hh"
#include "ebpf/abi/backend.h"

namespace guideway {

[[nodiscard]] inline std::uint32_t link_header_bytes(const gw_backend& backend) noexcept {
  return sizeof(EthernetHeader) + (backend.vlan != 0 ? sizeof(VlanTag) : 0);
}

// Two MAC addresses, which lie side by side in row and frame.
inline void write_macs(std::byte* frame, const gw_backend& backend) noexcept {
  static_assert(offsetof(gw_backend, source_mac) == offsetof(gw_backend, next_hop_mac) + 6);
  std::memcpy(frame, reinterpret_cast<const std::byte*>(&backend) + offsetof(gw_backend, next_hop_mac), 12);
}

// Lets the frame begin so far before `ip` that the header fits, and writes it. The room must be there. The bytes behind
// `ip` stay; their number is the caller's to set.
inline void write_link_header(Packet& packet, std::byte* ip, const gw_backend& backend, EtherType type) noexcept {
  std::byte* frame = ip - link_header_bytes(backend);
  write_macs(frame, backend);
  const be16 frame_type(static_cast<std::uint16_t>(backend.vlan != 0 ? EtherType::vlan : type));
  std::memcpy(frame + 12, &frame_type, sizeof frame_type);
  if (backend.vlan != 0) {
    const auto control = static_cast<std::uint16_t>((packet.vlan_control & ~vlan_id_bits) | backend.vlan);
    const VlanTag tag{be16(control), be16(static_cast<std::uint16_t>(type))};
    std::memcpy(frame + sizeof(EthernetHeader), &tag, sizeof tag);
  }
  packet.headroom_bytes = static_cast<std::uint16_t>(packet.headroom_bytes + (frame - packet.data));
  packet.data = frame;
  packet.ip_offset_bytes = static_cast<std::uint16_t>(ip - frame);
}

// Bytes that may be written in front of the packet's IP header.
[[nodiscard]] inline std::uint32_t room_before_ip(const Packet& packet) noexcept {
  return std::uint32_t{packet.headroom_bytes} + packet.ip_offset_bytes;
}

[[nodiscard]] inline EtherType ether_type_of(const Packet& packet) noexcept {
  return packet.flow.family == GW_FAMILY_IPV4 ? EtherType::ipv4 : EtherType::ipv6;
}

}  // namespace guideway
