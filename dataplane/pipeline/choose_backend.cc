// SPDX-License-Identifier: Apache-2.0
// Section 3 of docs/packet-path.md: remember only the exceptions.
#include "dataplane/forwarding/selection.hh"
#include "dataplane/net/address.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/pipeline/scheduler.hh"
#include "dataplane/pipeline/steps.hh"

namespace guideway {
namespace {

constexpr std::uint8_t closing_flags = tcp_flag::fin | tcp_flag::rst;

bool is_tcp_opener(const Packet& packet) noexcept {
  return packet.opens_flow && packet.flow.protocol == static_cast<std::uint8_t>(Protocol::tcp);
}

// Whether the table of another worker may have what this one lacks: any flow of a first fragment, and of whole packets
// those that began with one.
bool may_lie_elsewhere(const Packet& packet, const ChooseState& state) noexcept {
  return packet.kind == PacketKind::first_fragment ? state.crew.others_may_hold(state.flows, packet.hash)
                                                   : state.crew.wanderers().may_hold(packet.hash);
}

bool nobody_remembers(const Packet& packet, const ChooseState& state) noexcept {
  return !state.flows.may_hold(packet.hash) && !may_lie_elsewhere(packet, state);
}

bool is_plain(const gw_slot& slot, const Packet& packet, const ChooseState& state) noexcept {
  const gw_service& row = packet.service->row;
  if ((row.flags & (GW_SERVICE_FOLLOWS_EVERY_FLOW | GW_SERVICE_PER_PACKET)) != 0) return false;
  if (slot.current_backend != slot.home_backend || slot.current_backend == GW_NO_BACKEND) return false;
  if (gw_health_is_plain(state.health.load(slot.current_backend)) == 0) return false;
  return (row.flags & GW_SERVICE_REMEMBERS_NOTHING) != 0 || nobody_remembers(packet, state);
}

// Whether the remembered backend, whose health word this is, is still the one that it was, and alive.
bool is_alive(const gw_flow_entry& entry, std::uint64_t word) noexcept {
  return static_cast<std::uint8_t>(gw_health_generation(word)) == FlowTable::generation_of(entry) &&
         gw_health_is_alive(word) != 0;
}

std::uint64_t health_of(const gw_flow_entry& entry, const ChooseState& state) noexcept {
  return state.health.load(FlowTable::backend_of(entry));
}

// Whether the remembered backend may still have this packet.
bool keeps_its_backend(const gw_flow_entry& entry, const Packet& packet, const ChooseState& state) noexcept {
  const std::uint64_t word = health_of(entry, state);
  return is_alive(entry, word) && (gw_health_state_of(word) != GW_HEALTH_DRAINING || !is_tcp_opener(packet));
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
  const bool wanders = packet.kind == PacketKind::first_fragment && state.crew.worker_count() > 1;
  switch (state.flows.insert(packet.hash, packet.backend, generation, GW_FLOW_PROBATION, now_ticks,
                             first_timeout(packet), wanders)) {
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

// Where a packet's own slot is.
struct OwnSlot {
  std::uint64_t choice_hash;
  std::uint32_t number;
  gw_slot slot;
};

// The scheduler's choice from the slot that it tries first.
struct Choice {
  std::uint32_t backend;
  bool may_remember;
};

Choice choose_from(const Packet& packet, const OwnSlot& own, std::uint32_t first, const ChooseState& state) noexcept {
  if (const auto selection = select_accepting(*packet.service, state.health, own.choice_hash, first))
    return {selection->backend, true};
  if (packet.service->row.policy == GW_POLICY_FAIL_OPEN) return {packet.service->slots[first].current_backend, false};
  return {GW_NO_BACKEND, false};
}

bool has_living_home(const OwnSlot& own, const ChooseState& state) noexcept {
  return own.slot.home_backend != GW_NO_BACKEND && gw_health_is_alive(state.health.load(own.slot.home_backend)) != 0;
}

// Looks for the flow in the tables of other workers. What a whole packet finds there is remembered here too from then
// on, so that the flow stays with its backend however long no fragment comes; fragments only ask.
bool recall_from_afar(Packet& packet, ChooseState& state) noexcept {
  const std::uint32_t now_ticks = state.admission.now_ticks;
  if (!may_lie_elsewhere(packet, state)) return false;
  const auto elsewhere = state.crew.ask_others(state.flows, packet.hash, now_ticks);
  if (!elsewhere) return false;
  const bool is_fragment = packet.kind == PacketKind::first_fragment;
  if (is_fragment ? !is_alive(*elsewhere, health_of(*elsewhere, state)) : !keeps_its_backend(*elsewhere, packet, state))
    return false;
  packet.backend = FlowTable::backend_of(*elsewhere);
  packet.opens_flow = is_tcp_opener(packet);
  if (!is_fragment) remember(packet, state, now_ticks);
  return true;
}

// True if the flow is remembered and its backend may have the packet, which then is packet.backend.
bool recall(Packet& packet, ChooseState& state) noexcept {
  const std::uint32_t now_ticks = state.admission.now_ticks;
  // A service that follows every flow has its bucket near already: the filter would only be one line more to wait for.
  const bool follows = (packet.service->row.flags & GW_SERVICE_FOLLOWS_EVERY_FLOW) != 0;
  if (follows || state.flows.may_hold(packet.hash)) {
    if (gw_flow_entry* entry = state.flows.find(packet.hash, now_ticks)) {
      if (keeps_its_backend(*entry, packet, state)) {
        packet.backend = FlowTable::backend_of(*entry);
        packet.opens_flow = is_tcp_opener(packet);
        touch_entry(*entry, packet, now_ticks);
        return true;
      }
      state.flows.forget(*entry);
    }
  }
  return recall_from_afar(packet, state);
}

gw_exit choose_asking(Packet& packet, const OwnSlot& own, ChooseState& state) noexcept {
  const std::uint16_t flags = packet.service->row.flags;
  const bool remembers = (flags & GW_SERVICE_REMEMBERS_NOTHING) == 0;
  if (remembers && recall(packet, state)) return GW_EXIT_SENT;
  const bool follows = (flags & GW_SERVICE_FOLLOWS_EVERY_FLOW) != 0;
  if (follows && packet.opens_flow && !is_tcp_opener(packet)) {
    const gw_exit admitted = take_flow_tokens(packet, state.admission);
    if (admitted != GW_EXIT_SENT) return admitted;
  }
  Choice choice{own.slot.home_backend, true};
  if (packet.opens_flow || !has_living_home(own, state))
    choice = choose_from(packet, own, first_slot(packet, state, own.number), state);
  if (choice.backend == GW_NO_BACKEND)
    return packet.service->row.policy == GW_POLICY_REJECT ? state.answers.reject(packet) : GW_EXIT_DROP_NO_BACKEND;
  packet.backend = choice.backend;
  const bool is_exception =
      choice.backend != own.slot.home_backend || own.slot.home_backend != own.slot.current_backend || follows;
  if (remembers && choice.may_remember && is_exception) remember(packet, state, state.admission.now_ticks);
  return GW_EXIT_SENT;
}

// Section 7: looks for the flow wherever it may be remembered, and changes nothing.
gw_exit choose_about_flow(Packet& packet, const OwnSlot& own, const ChooseState& state) noexcept {
  const gw_service& row = packet.service->row;
  packet.opens_flow = false;
  if ((row.flags & GW_SERVICE_REMEMBERS_NOTHING) == 0) {
    auto entry = state.flows.look_from_afar(packet.hash, state.admission.now_ticks);
    if (!entry) entry = state.crew.ask_others(state.flows, packet.hash, state.admission.now_ticks);
    if (entry && is_alive(*entry, health_of(*entry, state))) {
      packet.backend = FlowTable::backend_of(*entry);
      return GW_EXIT_SENT;
    }
  }
  if (gw_scheduler_is_consistent(row.scheduler) == 0) return GW_EXIT_KERNEL_NO_SERVICE;
  packet.backend =
      has_living_home(own, state) ? own.slot.home_backend : choose_from(packet, own, own.number, state).backend;
  return packet.backend == GW_NO_BACKEND ? GW_EXIT_DROP_NO_BACKEND : GW_EXIT_SENT;
}

}  // namespace

void choose_backend(Burst& burst, ChooseState& state) noexcept {
  // A pass of its own: by the time a bucket is read, all buckets of the burst are on their way.
  for (std::uint32_t i = 0; i < burst.active_count; ++i) {
    const Packet& packet = burst.packets[burst.active[i]];
    const bool follows = (packet.service->row.flags & GW_SERVICE_FOLLOWS_EVERY_FLOW) != 0;
    if (follows || state.flows.may_hold(packet.hash)) state.flows.prefetch(packet.hash);
  }
  const gw_hash_key key = state.admission.snapshot.hash_key();
  std::uint32_t plain = 0;
  std::uint32_t asked = 0;
  for_each_active(burst, [&](Packet& packet) noexcept {
    const Service& service = *packet.service;
    OwnSlot own;
    own.choice_hash = choice_hash(packet, key);
    own.number = gw_scale(own.choice_hash, service.slot_count);
    own.slot = service.slots[own.number];
    if (packet.kind != PacketKind::about_flow && is_plain(own.slot, packet, state)) {
      ++plain;
      packet.backend = own.slot.current_backend;
      return GW_EXIT_SENT;
    }
    ++asked;
    return packet.kind == PacketKind::about_flow ? choose_about_flow(packet, own, state)
                                                 : choose_asking(packet, own, state);
  });
  add_to(state.counters.plain, plain);
  add_to(state.counters.asked, asked);
}

}  // namespace guideway
