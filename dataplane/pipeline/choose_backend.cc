// SPDX-License-Identifier: Apache-2.0
// Section 3 of docs/packet-path.md: remember only the exceptions.
#include "dataplane/forwarding/selection.hh"
#include "dataplane/net/address.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/pipeline/steps.hh"

namespace guideway {
namespace {

constexpr std::uint8_t closing_flags = tcp_flag::fin | tcp_flag::rst;

bool is_tcp_opener(const Packet& packet) noexcept {
  return packet.opens_flow && packet.flow.protocol == static_cast<std::uint8_t>(Protocol::tcp);
}

bool is_plain(const gw_slot& slot, const Service& service, const ChooseState& state, std::uint64_t hash) noexcept {
  if ((service.row.flags & GW_SERVICE_FOLLOWS_EVERY_FLOW) != 0) return false;
  if (slot.current_backend != slot.home_backend || slot.current_backend == GW_NO_BACKEND) return false;
  if (gw_health_is_plain(state.health.load(slot.current_backend)) == 0) return false;
  return (service.row.flags & GW_SERVICE_REMEMBERS_NOTHING) != 0 || !state.flows.may_hold(hash);
}

// Whether the remembered backend may still have this packet.
bool keeps_its_backend(const gw_flow_entry& entry, const Packet& packet, const HealthTable& health) noexcept {
  const std::uint64_t word = health.load(FlowTable::backend_of(entry));
  if (static_cast<std::uint8_t>(gw_health_generation(word)) != FlowTable::generation_of(entry)) return false;
  if (gw_health_is_alive(word) == 0) return false;
  return gw_health_state_of(word) != GW_HEALTH_DRAINING || !is_tcp_opener(packet);
}

void touch_entry(gw_flow_entry& entry, const Packet& packet, std::uint32_t now_ticks) noexcept {
  const gw_service& row = packet.service->row;
  gw_flow_state state = FlowTable::state_of(entry);
  std::uint32_t timeout = row.idle_ticks;
  if ((packet.tcp_flags & closing_flags) != 0) {
    state = GW_FLOW_CLOSING;
    timeout = row.closing_ticks;
  } else if (is_tcp_opener(packet)) {
    // A SYN on an established flow may be forged: it must not make a live flow displaceable.
    if (state == GW_FLOW_CLOSING) state = GW_FLOW_PROBATION;
    if (state == GW_FLOW_PROBATION) timeout = row.opening_ticks;
  } else {
    if (state == GW_FLOW_PROBATION) state = GW_FLOW_ESTABLISHED;
    if (state == GW_FLOW_CLOSING) timeout = row.closing_ticks;
  }
  FlowTable::touch(entry, state, now_ticks, timeout);
}

std::uint32_t first_timeout(const Packet& packet) noexcept {
  const gw_service& row = packet.service->row;
  if ((packet.tcp_flags & closing_flags) != 0) return row.closing_ticks;
  return is_tcp_opener(packet) ? row.opening_ticks : row.idle_ticks;
}

void remember(const Packet& packet, ChooseState& state, std::uint32_t now_ticks) noexcept {
  const auto generation = static_cast<std::uint8_t>(gw_health_generation(state.health.load(packet.backend)));
  switch (state.flows.insert(packet.hash, packet.backend, generation, GW_FLOW_PROBATION, now_ticks,
                             first_timeout(packet))) {
    case Remembered::refused:
      add_to(state.counters.flows_not_remembered, 1);
      return;
    case Remembered::displaced_another:
      add_to(state.counters.flows_displaced, 1);
      [[fallthrough]];
    case Remembered::inserted:
      add_to(state.counters.flows_inserted, 1);
      return;
  }
}

std::uint32_t first_slot(const Packet& packet, const ChooseState& state, std::uint32_t hash_slot) noexcept {
  if (packet.service->row.scheduler != GW_SCHEDULER_ROUND_ROBIN) return hash_slot;
  std::uint32_t& cursor = state.round_robin_cursors[packet.service->row.id];
  // The table may have become smaller since the cursor last moved.
  const std::uint32_t slot = cursor < packet.service->slot_count ? cursor : 0;
  cursor = slot + 1 == packet.service->slot_count ? 0 : slot + 1;
  return slot;
}

// A packet whose flow is not remembered: home in mid-flow, else the scheduler's choice. True if it may be remembered.
struct Miss {
  std::uint32_t backend;
  bool may_remember;
};

Miss choose_unremembered(const Packet& packet, const gw_slot& slot, ChooseState& state,
                         std::uint32_t hash_slot) noexcept {
  if (!packet.opens_flow && slot.home_backend != GW_NO_BACKEND &&
      gw_health_is_alive(state.health.load(slot.home_backend)) != 0)
    return {slot.home_backend, true};
  const std::uint32_t first = first_slot(packet, state, hash_slot);
  if (const auto selection = select_accepting(*packet.service, state.health, packet.hash, first))
    return {selection->backend, true};
  if (packet.service->row.policy == GW_POLICY_FAIL_OPEN) return {packet.service->slots[first].current_backend, false};
  return {GW_NO_BACKEND, false};
}

gw_exit choose_asking(Packet& packet, const gw_slot& slot, ChooseState& state, std::uint32_t hash_slot,
                      std::uint32_t now_ticks) noexcept {
  const std::uint16_t flags = packet.service->row.flags;
  const bool remembers = (flags & GW_SERVICE_REMEMBERS_NOTHING) == 0;
  if (remembers && state.flows.may_hold(packet.hash)) {
    if (gw_flow_entry* entry = state.flows.find(packet.hash, now_ticks)) {
      if (keeps_its_backend(*entry, packet, state.health)) {
        packet.backend = FlowTable::backend_of(*entry);
        packet.opens_flow = is_tcp_opener(packet);
        touch_entry(*entry, packet, now_ticks);
        return GW_EXIT_SENT;
      }
      state.flows.forget(*entry);
    }
  }
  const Miss miss = choose_unremembered(packet, slot, state, hash_slot);
  if (miss.backend == GW_NO_BACKEND) return GW_EXIT_DROP_NO_BACKEND;
  packet.backend = miss.backend;
  const bool is_exception = miss.backend != slot.home_backend || slot.home_backend != slot.current_backend ||
                            (flags & GW_SERVICE_FOLLOWS_EVERY_FLOW) != 0;
  if (remembers && miss.may_remember && is_exception) remember(packet, state, now_ticks);
  return GW_EXIT_SENT;
}

}  // namespace

void choose_backend(Burst& burst, ChooseState state, std::uint32_t now_ticks) noexcept {
  // A pass of its own: by the time a bucket is read, all buckets of the burst are on their way.
  for (std::uint32_t i = 0; i < burst.active_count; ++i) {
    const Packet& packet = burst.packets[burst.active[i]];
    const bool follows = (packet.service->row.flags & GW_SERVICE_FOLLOWS_EVERY_FLOW) != 0;
    if (follows || state.flows.may_hold(packet.hash)) state.flows.prefetch(packet.hash);
  }
  std::uint32_t plain = 0;
  std::uint32_t asked = 0;
  for_each_active(burst, [&](Packet& packet) noexcept {
    const Service& service = *packet.service;
    const std::uint32_t hash_slot = gw_scale(packet.hash, service.slot_count);
    const gw_slot slot = service.slots[hash_slot];
    if (is_plain(slot, service, state, packet.hash)) {
      ++plain;
      packet.backend = slot.current_backend;
      return GW_EXIT_SENT;
    }
    ++asked;
    return choose_asking(packet, slot, state, hash_slot, now_ticks);
  });
  add_to(state.counters.plain, plain);
  add_to(state.counters.asked, asked);
}

}  // namespace guideway
