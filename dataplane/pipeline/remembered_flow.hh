// SPDX-License-Identifier: Apache-2.0
// What a packet does with the entry of its flow: whether it still says where the packet goes, and what is noted there
// (docs/packet-path.md, section 3, step 2).
#pragma once

#include "dataplane/net/address.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/pipeline/steps.hh"

namespace guideway {

inline constexpr std::uint8_t closing_flags = tcp_flag::fin | tcp_flag::rst;

[[nodiscard]] inline bool is_tcp_opener(const Packet& packet) noexcept {
  return packet.opens_flow && packet.flow.protocol == static_cast<std::uint8_t>(Protocol::tcp);
}

[[nodiscard]] inline bool follows_every_flow(const Packet& packet) noexcept {
  return (packet.service->row.flags & GW_SERVICE_FOLLOWS_EVERY_FLOW) != 0;
}

// Whether the remembered backend, whose health word this is, is still the one that it was, and alive.
[[nodiscard]] inline bool is_alive(const gw_flow_entry& entry, std::uint64_t word) noexcept {
  return static_cast<std::uint8_t>(gw_health_generation(word)) == FlowTable::generation_of(entry) &&
         gw_health_is_alive(word) != 0;
}

[[nodiscard]] inline std::uint64_t health_of(const gw_flow_entry& entry, const HealthTable& health) noexcept {
  return health.load(FlowTable::backend_of(entry));
}

// Whether the remembered backend may still have this packet.
[[nodiscard]] inline bool keeps_its_backend(const gw_flow_entry& entry, const Packet& packet,
                                            const HealthTable& health) noexcept {
  const std::uint64_t word = health_of(entry, health);
  return is_alive(entry, word) && (gw_health_state_of(word) != GW_HEALTH_DRAINING || !is_tcp_opener(packet));
}

// The packet goes where its flow goes, and the entry lives on.
inline void follow_entry(gw_flow_entry& entry, Packet& packet, std::uint32_t now_ticks) noexcept {
  const gw_service& row = packet.service->row;
  gw_flow_state state = FlowTable::state_of(entry);
  std::uint32_t timeout = row.idle_ticks;
  packet.backend = FlowTable::backend_of(entry);
  packet.opens_flow = is_tcp_opener(packet);
  if ((packet.tcp_flags & closing_flags) != 0) {
    state = GW_FLOW_CLOSING;
    timeout = row.closing_ticks;
  } else if (packet.opens_flow) {
    // A SYN on an established flow may be forged: it must not make a live flow displaceable.
    if (state == GW_FLOW_CLOSING) state = GW_FLOW_PROBATION;
    if (state == GW_FLOW_PROBATION) timeout = row.opening_ticks;
  } else {
    if (state == GW_FLOW_PROBATION) state = GW_FLOW_ESTABLISHED;
    if (state == GW_FLOW_CLOSING) timeout = row.closing_ticks;
  }
  FlowTable::touch(entry, state, now_ticks, timeout);
}

}  // namespace guideway
