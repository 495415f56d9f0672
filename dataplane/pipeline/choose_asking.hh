// SPDX-License-Identifier: Apache-2.0
// Section 3 of docs/packet-path.md for packets that are not plain: each by itself, one after the other, whatever the
// one before it changed.
#pragma once

#include <cstdint>

#include "dataplane/pipeline/scheduler.hh"
#include "dataplane/pipeline/steps.hh"
#include "ebpf/abi/slot.h"

namespace guideway {

// Where a packet's own slot is.
struct OwnSlot {
  std::uint64_t choice_hash;
  std::uint32_t number;

  [[nodiscard]] static OwnSlot of(const Packet& packet, const gw_hash_key& key) noexcept {
    const std::uint64_t hash = guideway::choice_hash(packet, key);
    return {hash, gw_scale(hash, packet.service->slot_count)};
  }
  [[nodiscard]] const gw_slot& in(const Service& service) const noexcept { return service.slots[number]; }
};

// Whether the slot's packets go to `current` unless the flow is remembered. (No short cuts: which of the conditions
// fails is chance.)
[[nodiscard]] inline bool is_plain_slot(const gw_slot& slot, const HealthTable& health) noexcept {
  const bool exists = slot.current_backend != GW_NO_BACKEND;
  const std::uint64_t word = health.load(exists ? slot.current_backend : 0);
  const bool is_still = slot.current_backend == slot.home_backend;
  return static_cast<unsigned>(exists) & static_cast<unsigned>(is_still) &
         static_cast<unsigned>(gw_health_is_plain(word) != 0);
}

// Whether the table of another worker may have what this one lacks: any flow of a first fragment, and of whole packets
// those that began with one.
[[nodiscard]] inline bool may_lie_elsewhere(const Packet& packet, const ChooseState& state) noexcept {
  return packet.kind == PacketKind::first_fragment ? state.crew.others_may_hold(state.flows, packet.hash)
                                                   : state.crew.wanderers().may_hold(packet.hash);
}

[[nodiscard]] inline bool nobody_remembers(const Packet& packet, const ChooseState& state) noexcept {
  return !state.flows.may_hold(packet.hash) && !may_lie_elsewhere(packet, state);
}

// A packet of a flow: its exit, and its backend. `is_unknown`: this worker's table was sought through for it already,
// and does not have it.
[[nodiscard]] gw_exit choose_asking(Packet& packet, const OwnSlot& own, bool is_unknown, ChooseState& state) noexcept;

// Section 7, of an ICMP error: looks for the flow wherever it may be remembered, and changes nothing.
[[nodiscard]] gw_exit choose_about_flow(Packet& packet, const OwnSlot& own, const ChooseState& state) noexcept;

}  // namespace guideway
