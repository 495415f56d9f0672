/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 3 of docs/packet-path.md: remember only the exceptions. dataplane/pipeline/choose_backend.cc and
 * dataplane/forwarding/selection.hh say the same in C++. */
#ifndef GUIDEWAY_CHOOSE_BACKEND_BPF_H
#define GUIDEWAY_CHOOSE_BACKEND_BPF_H

#include "ebpf/schedulers.bpf.h"

#define GW_CLOSING_FLAGS (GW_TCP_FIN | GW_TCP_RST)

/* Whether other workers may remember the packet's flow. */
GW_INLINE int gw_asks_others(const struct gw_packet* packet) {
  return knobs.flows_wander || packet->kind == GW_KIND_FIRST_FRAGMENT;
}

GW_INLINE int gw_is_plain(const struct gw_slot* slot, const struct gw_xdp_service* service,
                          const struct gw_packet* packet) {
  if (service->row.flags & GW_SERVICE_PER_PACKET) return 0;
  if (slot->current_backend != slot->home_backend || slot->current_backend == GW_NO_BACKEND) return 0;
  if (!gw_health_is_plain(gw_health_load(slot->current_backend))) return 0;
  if (service->row.flags & GW_SERVICE_REMEMBERS_NOTHING) return 1;
  struct gw_xdp_worker* state = gw_worker_of(packet->worker);
  if (!state || gw_may_hold(state, packet->hash)) return 0;
  return !gw_asks_others(packet) || !gw_others_may_hold(state, packet);
}

/* Whether the remembered backend may still have this packet. */
GW_INLINE int gw_keeps_its_backend(const struct gw_flow_entry* entry, const struct gw_packet* packet) {
  __u64 word = gw_health_load(gw_entry_backend(entry));
  if ((gw_health_generation(word) & 0xff) != (entry->backend & 0xff)) return 0;
  if (!gw_health_is_alive(word)) return 0;
  return gw_health_state_of(word) != GW_HEALTH_DRAINING || !gw_is_tcp_opener(packet);
}

/* What the packet makes of a flow of that state; *timeout_ticks from now on. */
GW_INLINE __u32 gw_next_state(__u32 state, const struct gw_packet* packet, const struct gw_service* row,
                              __u32* timeout) {
  __u32 timeout_ticks = row->idle_ticks;
  if (packet->tcp_flags & GW_CLOSING_FLAGS) {
    state = GW_FLOW_CLOSING;
    timeout_ticks = row->closing_ticks;
  } else if (gw_is_tcp_opener(packet)) {
    /* A SYN on an established flow may be forged: it must not make a live flow displaceable. */
    if (state == GW_FLOW_CLOSING) state = GW_FLOW_PROBATION;
    if (state == GW_FLOW_PROBATION) timeout_ticks = row->opening_ticks;
  } else {
    if (state == GW_FLOW_PROBATION) state = GW_FLOW_ESTABLISHED;
    if (state == GW_FLOW_CLOSING) timeout_ticks = row->closing_ticks;
  }
  *timeout = timeout_ticks;
  return state;
}

GW_INLINE void gw_touch_entry(struct gw_flow_entry* entry, const struct gw_packet* packet, const struct gw_service* row,
                              __u32 now_ticks) {
  __u32 timeout_ticks = 0;
  __u32 state = gw_next_state(gw_entry_state(entry), packet, row, &timeout_ticks);
  gw_touch(entry, state, now_ticks, timeout_ticks);
}

GW_INLINE enum gw_remembered gw_insert_counted(struct gw_xdp_worker* state, const struct gw_packet* packet,
                                               __u32 flow_state, __u32 now_ticks, __u32 timeout_ticks) {
  __u32 generation = gw_health_generation(gw_health_load(packet->backend));
  enum gw_remembered became = gw_insert(state, packet, flow_state, generation, now_ticks, timeout_ticks);
  if (became == GW_REMEMBERED_REFUSED) {
    GW_WORKER_COUNT(packet->worker, flows_not_remembered, 1);
    return became;
  }
  if (became == GW_REMEMBERED_DISPLACED) GW_WORKER_COUNT(packet->worker, flows_displaced, 1);
  GW_WORKER_COUNT(packet->worker, flows_inserted, 1);
  return became;
}

GW_INLINE void gw_remember(struct gw_xdp_worker* state, const struct gw_packet* packet, const struct gw_service* row,
                           __u32 now_ticks) {
  __u32 timeout_ticks = row->idle_ticks;
  if (packet->tcp_flags & GW_CLOSING_FLAGS)
    timeout_ticks = row->closing_ticks;
  else if (gw_is_tcp_opener(packet))
    timeout_ticks = row->opening_ticks;
  gw_insert_counted(state, packet, GW_FLOW_PROBATION, now_ticks, timeout_ticks);
}

/* The backend of a packet whose flow is not remembered: home in mid-flow, else the scheduler's choice.
 * `may_remember` tells whether the choice is worth keeping. */
GW_INLINE int gw_choose_unremembered(struct gw_packet* packet, const struct gw_xdp_service* service,
                                     const struct gw_slot* slot, __u64 choice_hash, int* may_remember) {
  *may_remember = 1;
  packet->backend = slot->home_backend;
  if (!packet->opens_flow && gw_is_living(slot->home_backend)) return GW_EXIT_SENT;
  if (service->is_guarded && packet->flow.protocol == GW_UDP && service->row.flags & GW_SERVICE_FOLLOWS_EVERY_FLOW) {
    int exit = gw_take_new_flow_tokens(packet, &service->row);
    if (exit != GW_EXIT_SENT) return exit;
  }
  return gw_schedule(packet, service, choice_hash, gw_first_slot(packet, service, choice_hash), may_remember);
}

/* True if the flow is remembered and its backend may have the packet, which then is packet->backend. */
GW_INLINE int gw_recall(struct gw_xdp_worker* state, struct gw_packet* packet, const struct gw_service* row,
                        __u32 now_ticks) {
  struct gw_flow_bucket* bucket = gw_bucket_of(packet->worker, packet->hash);
  if (!bucket) return 0;
  __u32 place = gw_find(state, packet, bucket, now_ticks);
  if (place >= GW_FLOWS_PER_BUCKET) return 0;
  struct gw_flow_entry* entry = &bucket->entries[place];
  if (!gw_keeps_its_backend(entry, packet)) {
    gw_forget(state, packet->worker, entry);
    return 0;
  }
  packet->backend = gw_entry_backend(entry);
  packet->opens_flow = (__u8)gw_is_tcp_opener(packet);
  gw_touch_entry(entry, packet, row, now_ticks);
  return 1;
}

/* For a first fragment: its flow may be another worker's. True if it is, with a living backend. */
GW_INLINE int gw_recall_elsewhere(struct gw_packet* packet, __u32 now_ticks) {
  __u32 backend = gw_ask_other_workers(packet, now_ticks, GW_ENDS_NONE, 0);
  if (backend == GW_NO_BACKEND) return 0;
  packet->backend = backend;
  packet->opens_flow = (__u8)gw_is_tcp_opener(packet);
  return 1;
}

/* A flow that wandered: another worker remembers it, from now on this one does. A worker without room for it leaves it
 * where it is. */
static __noinline int gw_take_over(struct gw_xdp_worker* state, struct gw_packet* packet, const struct gw_service* row,
                                   __u32 now_ticks) {
  __u32 flow_state = 0;
  __u32 backend = gw_ask_other_workers(packet, now_ticks, GW_ENDS_DEAD, &flow_state);
  if (backend == GW_NO_BACKEND) return 0;
  int opens = gw_is_tcp_opener(packet);
  if (opens && gw_health_state_of(gw_health_load(backend)) == GW_HEALTH_DRAINING) {
    gw_ask_other_workers(packet, now_ticks, GW_ENDS_ALL, 0);
    return 0;
  }
  packet->backend = backend;
  packet->opens_flow = (__u8)opens;
  __u32 timeout_ticks = 0;
  flow_state = gw_next_state(flow_state, packet, row, &timeout_ticks);
  if (gw_insert_counted(state, packet, flow_state, now_ticks, timeout_ticks) != GW_REMEMBERED_REFUSED)
    gw_ask_other_workers(packet, now_ticks, GW_ENDS_ALL, 0);
  return 1;
}

__noinline int gw_choose_asking(struct gw_packet* packet, const struct gw_xdp_service* service,
                                const struct gw_slot* slot, __u64 choice_hash) {
  if (!packet || !service || !slot) return GW_EXIT_DROP_NO_BACKEND;
  __u32 flags = service->row.flags;
  struct gw_xdp_worker* state = gw_worker_of(packet->worker);
  if (!state) return GW_EXIT_DROP_NO_BACKEND;
  __u32 now_ticks = gw_now_ticks();
  int remembers = !(flags & GW_SERVICE_REMEMBERS_NOTHING);
  if (remembers) {
    int may_recall = !packet->is_recalled && gw_may_hold(state, packet->hash);
    if (may_recall && gw_recall(state, packet, &service->row, now_ticks)) return GW_EXIT_SENT;
    if (gw_asks_others(packet) && gw_others_may_hold(state, packet)) {
      int is_fragment = packet->kind == GW_KIND_FIRST_FRAGMENT;
      int is_found =
          is_fragment ? gw_recall_elsewhere(packet, now_ticks) : gw_take_over(state, packet, &service->row, now_ticks);
      if (is_found) return GW_EXIT_SENT;
    }
  }
  int may_remember = 0;
  int exit = gw_choose_unremembered(packet, service, slot, choice_hash, &may_remember);
  if (exit != GW_EXIT_SENT) return exit;
  int is_exception = packet->backend != slot->home_backend || slot->home_backend != slot->current_backend ||
                     (flags & GW_SERVICE_FOLLOWS_EVERY_FLOW);
  if (remembers && may_remember && is_exception) gw_remember(state, packet, &service->row, now_ticks);
  return GW_EXIT_SENT;
}

/* For a service that remembers every flow: nearly always the flow table knows, so the filter is not asked, and no slot
 * need be looked at. */
GW_INLINE int gw_recall_followed(struct gw_packet* packet, const struct gw_xdp_service* service) {
  packet->is_recalled = 1;
  struct gw_xdp_worker* state = gw_worker_of(packet->worker);
  return state && state->held != 0 && gw_recall(state, packet, &service->row, gw_now_ticks());
}

GW_INLINE int gw_choose_backend(struct gw_packet* packet, const struct gw_xdp_service* service) {
  int follows = service->row.flags & GW_SERVICE_FOLLOWS_EVERY_FLOW;
  if (follows) {
    GW_WORKER_COUNT(packet->worker, asked, 1);
    if (gw_recall_followed(packet, service)) return GW_EXIT_SENT;
  }
  __u64 choice_hash = gw_choice_hash(packet, &service->row);
  struct gw_slot slot = gw_load_slot(service->table_handle, gw_scale(choice_hash, service->slot_count));
  if (!follows && gw_is_plain(&slot, service, packet)) {
    packet->backend = slot.current_backend;
    packet->is_plain = 1;
    return GW_EXIT_SENT;
  }
  if (!follows) GW_WORKER_COUNT(packet->worker, asked, 1);
  return gw_choose_asking(packet, service, &slot, choice_hash);
}

#endif
