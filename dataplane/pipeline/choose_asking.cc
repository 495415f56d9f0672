// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/choose_asking.hh"

#include "dataplane/forwarding/selection.hh"
#include "dataplane/pipeline/remembered_flow.hh"

namespace guideway {
namespace {

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

bool has_living_home(const gw_slot& slot, const ChooseState& state) noexcept {
  return slot.home_backend != GW_NO_BACKEND && gw_health_is_alive(state.health.load(slot.home_backend)) != 0;
}

// Looks for the flow in the tables of other workers. What a whole packet finds there is remembered here too from then
// on, so that the flow stays with its backend however long no fragment comes; fragments only ask.
bool recall_from_afar(Packet& packet, ChooseState& state) noexcept {
  const std::uint32_t now_ticks = state.admission.now_ticks;
  if (!may_lie_elsewhere(packet, state)) return false;
  const auto elsewhere = state.crew.ask_others(state.flows, packet.hash, now_ticks);
  if (!elsewhere) return false;
  const bool is_fragment = packet.kind == PacketKind::first_fragment;
  if (is_fragment ? !is_alive(*elsewhere, health_of(*elsewhere, state.health))
                  : !keeps_its_backend(*elsewhere, packet, state.health))
    return false;
  packet.backend = FlowTable::backend_of(*elsewhere);
  packet.opens_flow = is_tcp_opener(packet);
  if (!is_fragment) remember(packet, state, now_ticks);
  return true;
}

// True if the flow is remembered here and its backend may have the packet, which then is packet.backend.
bool recall(Packet& packet, ChooseState& state) noexcept {
  // A service that follows every flow has its bucket near already: the filter would only be one line more to wait for.
  if (!follows_every_flow(packet) && !state.flows.may_hold(packet.hash)) return false;
  gw_flow_entry* entry = state.flows.find(packet.hash, state.admission.now_ticks);
  if (entry == nullptr) return false;
  if (keeps_its_backend(*entry, packet, state.health)) {
    follow_entry(*entry, packet, state.admission.now_ticks);
    return true;
  }
  state.flows.forget(*entry);
  return false;
}

}  // namespace

gw_exit choose_asking(Packet& packet, const OwnSlot& own, bool is_unknown, ChooseState& state) noexcept {
  const Service& service = *packet.service;
  const bool remembers = (service.row.flags & GW_SERVICE_REMEMBERS_NOTHING) == 0;
  if (remembers && ((!is_unknown && recall(packet, state)) || recall_from_afar(packet, state))) return GW_EXIT_SENT;
  const bool follows = follows_every_flow(packet);
  if (follows && packet.opens_flow && !is_tcp_opener(packet)) {
    const gw_exit admitted = take_flow_tokens(packet, state.admission);
    if (admitted != GW_EXIT_SENT) return admitted;
  }
  Choice choice{GW_NO_BACKEND, true};
  if (packet.opens_flow || !has_living_home(own.in(service), state))
    choice = choose_from(packet, own, first_slot(packet, state, own.number), state);
  else
    choice.backend = own.in(service).home_backend;
  if (choice.backend == GW_NO_BACKEND)
    return service.row.policy == GW_POLICY_REJECT ? state.answers.reject(packet) : GW_EXIT_DROP_NO_BACKEND;
  packet.backend = choice.backend;
  // Where every flow is followed, nobody need look at the slot.
  const bool is_exception = follows || choice.backend != own.in(service).home_backend ||
                            own.in(service).home_backend != own.in(service).current_backend;
  if (remembers && choice.may_remember && is_exception) remember(packet, state, state.admission.now_ticks);
  return GW_EXIT_SENT;
}

gw_exit choose_about_flow(Packet& packet, const OwnSlot& own, const ChooseState& state) noexcept {
  const Service& service = *packet.service;
  packet.opens_flow = false;
  if ((service.row.flags & GW_SERVICE_REMEMBERS_NOTHING) == 0) {
    auto entry = state.flows.look_from_afar(packet.hash, state.admission.now_ticks);
    if (!entry) entry = state.crew.ask_others(state.flows, packet.hash, state.admission.now_ticks);
    if (entry && is_alive(*entry, health_of(*entry, state.health))) {
      packet.backend = FlowTable::backend_of(*entry);
      return GW_EXIT_SENT;
    }
  }
  if (gw_scheduler_is_consistent(service.row.scheduler) == 0) return GW_EXIT_KERNEL_NO_SERVICE;
  const gw_slot& slot = own.in(service);
  packet.backend =
      has_living_home(slot, state) ? slot.home_backend : choose_from(packet, own, own.number, state).backend;
  return packet.backend == GW_NO_BACKEND ? GW_EXIT_DROP_NO_BACKEND : GW_EXIT_SENT;
}

}  // namespace guideway
