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

struct alignas(64) Packet {
  // Filled by the port that received it.
  std::byte* data = nullptr;         // first byte of the frame
  void* buffer = nullptr;            // whatever the port needs to send or free it
  std::uint32_t length_bytes = 0;    // of the frame, without its check sequence
  std::uint16_t headroom_bytes = 0;  // free and writable in front of data

  // Filled by parse.
  std::uint16_t ip_offset_bytes = 0;
  std::uint16_t ip_length_bytes = 0;  // header and payload, by the IP header
  std::uint8_t tcp_flags = 0;         // 0 for UDP
  bool opens_flow = false;            // TCP SYN without ACK; every UDP packet

  // Filled by choose_backend and forward.
  std::uint8_t egress_port = 0;
  std::uint8_t exit = GW_EXIT_SENT;  // enum gw_exit; GW_EXIT_SENT until some step lets the packet leave
  std::uint32_t backend = 0;
  std::uint64_t hash = 0;
  const Service* service = nullptr;

  gw_flow_key flow{};
};
static_assert(sizeof(Packet) == 128, "two cache lines");

inline constexpr std::uint32_t burst_packets_max = 32;

// `packets[0..count)` came in together. `active[0..active_count)` are the indexes of those still on their way.
struct Burst {
  std::array<Packet, burst_packets_max> packets;
  std::array<std::uint8_t, burst_packets_max> active;
  std::uint32_t count = 0;
  std::uint32_t active_count = 0;
};

}  // namespace guideway
