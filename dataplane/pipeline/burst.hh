// SPDX-License-Identifier: Apache-2.0
// A burst of packet descriptors: what ports fill, the pipeline decides on, and ports send. A descriptor is ours, so
// that the pipeline runs in a test, a fuzzer and the simulator without DPDK, root or a NIC.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/forwarding/service_table.hh"
#include "ebpf/abi/exits.h"
#include "ebpf/abi/flow_key.h"

namespace guideway {

// What parse found a packet to be.
enum class PacketKind : std::uint8_t {
  flow,            // of a TCP or UDP flow, whole
  first_fragment,  // of a TCP or UDP flow, with its ports
  later_fragment,  // without ports: follows its first
  about_flow,      // an ICMP error that quotes a packet of a flow; `flow` names that flow
  echo,            // an echo request
};

struct alignas(64) Packet {
  // Filled by the port that received it.
  std::byte* data = nullptr;         // first byte of the frame
  void* buffer = nullptr;            // whatever the port needs to send or free it
  std::uint32_t length_bytes = 0;    // of the frame, without its check sequence
  std::uint16_t headroom_bytes = 0;  // free and writable in front of data

  // Filled by parse.
  std::uint16_t ip_offset_bytes = 0;  // 14, or 18 behind a VLAN tag
  std::uint16_t ip_length_bytes = 0;  // header and payload, by the IP header
  std::uint16_t l4_offset_bytes = 0;  // from the IP header to that of TCP, UDP or ICMP; 0 for a later fragment
  std::uint16_t vlan_control = 0;     // of the received tag; 0 without one
  PacketKind kind = PacketKind::flow;
  std::uint8_t tcp_flags = 0;  // 0 for all but TCP
  bool opens_flow = false;     // TCP SYN without ACK; every UDP packet

  // Filled by the worker, then by the steps.
  std::uint8_t ingress_port = 0;
  std::uint8_t egress_port = 0;
  std::uint8_t exit = GW_EXIT_SENT;  // enum gw_exit; GW_EXIT_SENT until some step lets the packet leave
  std::uint8_t released_after = 0;   // of a fragment that was held: place in the burst of the first that released it
  std::uint8_t dscp = 0;             // of the service, for l3dsr
  std::uint32_t backend = 0;
  std::uint32_t service_id = 0;               // for the counters, once there is a service
  std::uint32_t fragment_identification = 0;  // of fragments, as the machine loads it
  std::uint64_t hash = 0;
  const Service* service = nullptr;

  gw_flow_key flow{};  // of a later fragment: addresses, family and protocol only
};
static_assert(sizeof(Packet) == 128, "two cache lines");

[[nodiscard]] inline bool is_fragment(const Packet& packet) noexcept {
  return packet.kind == PacketKind::first_fragment || packet.kind == PacketKind::later_fragment;
}

inline constexpr std::uint32_t burst_packets_max = 32;

// `packets[0..count)` came in together. `active[0..active_count)` are the indexes of those still on their way. Echo
// requests and later fragments are set aside by parse: they are never active, and counted here so that the steps that
// look for them can be left out.
struct Burst {
  std::array<Packet, burst_packets_max> packets;
  std::array<std::uint8_t, burst_packets_max> active;
  std::uint32_t count = 0;
  std::uint32_t active_count = 0;
  std::uint32_t echo_count = 0;
  std::uint32_t fragment_count = 0;  // first ones, which are active, included
  std::uint64_t received_bytes = 0;  // of the packets that have an exit, as they came
};

}  // namespace guideway
