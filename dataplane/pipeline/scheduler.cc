// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/scheduler.hh"

namespace guideway {
namespace {

std::uint32_t next_in_turn(const Service& service, ChooseState& state) noexcept {
  std::uint32_t& cursor = state.round_robin_cursors[service.row.id];
  // The table may have become smaller since the cursor last moved.
  const std::uint32_t slot = cursor < service.slot_count ? cursor : 0;
  cursor = slot + 1 == service.slot_count ? 0 : slot + 1;
  return slot;
}

std::uint32_t random_slot(const Service& service, ChooseState& state) noexcept {
  state.random_state += 0x9e3779b97f4a7c15ULL;  // splitmix64 (Steele, Lea, Flood 2014) with the mix that we have
  return gw_scale(gw_mix(state.random_state), service.slot_count);
}

bool accepts(const Service& service, std::uint32_t slot, const HealthTable& health) noexcept {
  const std::uint32_t backend = service.slots[slot].current_backend;
  return backend != GW_NO_BACKEND && gw_slot_accepts(health.load(backend), slot) != 0;
}

// The better of two choices (Mitzenmacher 2001): nearly as even as asking all backends, at the cost of two.
std::uint32_t less_loaded(const Packet& packet, const ChooseState& state, std::uint32_t own_slot) noexcept {
  const Service& service = *packet.service;
  const std::uint32_t other_slot = gw_probe_slot(packet.hash, GW_SECOND_CHOICE, service.slot_count);
  if (!accepts(service, other_slot, state.health)) return own_slot;
  if (!accepts(service, own_slot, state.health)) return other_slot;
  const Snapshot& snapshot = state.admission.snapshot;
  const std::uint32_t own = service.slots[own_slot].current_backend;
  const std::uint32_t other = service.slots[other_slot].current_backend;
  const std::uint64_t load_of_other = state.crew.flows_of(other) * snapshot.backend(own).weight;
  const std::uint64_t load_of_own = state.crew.flows_of(own) * snapshot.backend(other).weight;
  return load_of_other < load_of_own ? other_slot : own_slot;
}

}  // namespace

std::uint32_t first_slot(const Packet& packet, ChooseState& state, std::uint32_t own_slot) noexcept {
  switch (packet.service->row.scheduler) {
    case GW_SCHEDULER_ROUND_ROBIN:
      return next_in_turn(*packet.service, state);
    case GW_SCHEDULER_RANDOM:
      return random_slot(*packet.service, state);
    case GW_SCHEDULER_LEAST_CONNECTIONS:
      return less_loaded(packet, state, own_slot);
    default:
      return own_slot;
  }
}

}  // namespace guideway
