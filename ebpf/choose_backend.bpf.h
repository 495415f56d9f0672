/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 3 of docs/packet-path.md: remember only the exceptions. dataplane/pipeline/choose_backend.cc and
 * dataplane/forwarding/selection.hh say the same in C++. */
#ifndef GUIDEWAY_CHOOSE_BACKEND_BPF_H
#define GUIDEWAY_CHOOSE_BACKEND_BPF_H

#include "ebpf/flow_table.bpf.h"
#include "ebpf/parse.bpf.h"

#define GW_CLOSING_FLAGS (GW_TCP_FIN | GW_TCP_RST)

/* A slot that is being looked for, from a table that is looked up anew for each: what a bpf_loop callback can hold. */
struct gw_search {
  __u32 table_handle;
  __u32 slot_count;
  __u32 slot;
  __u32 backend; /* what the last slot that was looked at says, if it accepts; else GW_NO_BACKEND */
};

GW_INLINE struct gw_slot gw_load_slot(__u32 table_handle, __u32 slot) {
  struct gw_slot none = {GW_NO_BACKEND, GW_NO_BACKEND};
  void* table = bpf_map_lookup_elem(&tables, &table_handle);
  if (!table) return none;
  struct gw_slot* found = bpf_map_lookup_elem(table, &slot);
  return found ? *found : none;
}

GW_INLINE int gw_is_tcp_opener(const struct gw_packet* packet) {
  return packet->opens_flow && packet->flow.protocol == GW_TCP;
}

GW_INLINE int gw_is_plain(const struct gw_slot* slot, const struct gw_xdp_service* service,
                          const struct gw_packet* packet) {
  if (service->row.flags & GW_SERVICE_FOLLOWS_EVERY_FLOW) return 0;
  if (slot->current_backend != slot->home_backend || slot->current_backend == GW_NO_BACKEND) return 0;
  if (!gw_health_is_plain(gw_health_load(slot->current_backend))) return 0;
  if (service->row.flags & GW_SERVICE_REMEMBERS_NOTHING) return 1;
  struct gw_xdp_worker* state = gw_worker_of(packet->worker);
  return state && !gw_may_hold(state, packet->hash);
}

/* Whether the remembered backend may still have this packet. */
GW_INLINE int gw_keeps_its_backend(const struct gw_flow_entry* entry, const struct gw_packet* packet) {
  __u64 word = gw_health_load(gw_entry_backend(entry));
  if ((gw_health_generation(word) & 0xff) != (entry->backend & 0xff)) return 0;
  if (!gw_health_is_alive(word)) return 0;
  return gw_health_state_of(word) != GW_HEALTH_DRAINING || !gw_is_tcp_opener(packet);
}

GW_INLINE void gw_touch_entry(struct gw_flow_entry* entry, const struct gw_packet* packet, const struct gw_service* row,
                              __u32 now_ticks) {
  __u32 state = gw_entry_state(entry);
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
  gw_touch(entry, state, now_ticks, timeout_ticks);
}

GW_INLINE void gw_remember(struct gw_xdp_worker* state, const struct gw_packet* packet, const struct gw_service* row,
                           __u32 now_ticks) {
  __u32 timeout_ticks = row->idle_ticks;
  if (packet->tcp_flags & GW_CLOSING_FLAGS)
    timeout_ticks = row->closing_ticks;
  else if (gw_is_tcp_opener(packet))
    timeout_ticks = row->opening_ticks;
  __u32 generation = gw_health_generation(gw_health_load(packet->backend));
  enum gw_remembered became = gw_insert(state, packet, generation, now_ticks, timeout_ticks);
  if (became == GW_REMEMBERED_REFUSED) {
    GW_WORKER_COUNT(packet->worker, flows_not_remembered, 1);
    return;
  }
  if (became == GW_REMEMBERED_DISPLACED) GW_WORKER_COUNT(packet->worker, flows_displaced, 1);
  GW_WORKER_COUNT(packet->worker, flows_inserted, 1);
}

GW_INLINE __u32 gw_first_slot(const struct gw_packet* packet, const struct gw_xdp_service* service) {
  if (service->row.scheduler != GW_SCHEDULER_ROUND_ROBIN) return gw_scale(packet->hash, service->slot_count);
  __u32 at = packet->worker * knobs.services_max + service->row.id;
  __u32* cursor = bpf_map_lookup_elem(&round_robin_cursors, &at);
  if (!cursor) return 0;
  /* The table may have become smaller since the cursor last moved. */
  __u32 slot = *cursor < service->slot_count ? *cursor : 0;
  *cursor = slot + 1 == service->slot_count ? 0 : slot + 1;
  return slot;
}

/* Looks at search->slot; true if its backend takes a new flow. */
static __noinline int gw_try_slot(struct gw_search* search) {
  __u32 backend = gw_load_slot(search->table_handle, search->slot).current_backend;
  search->backend = GW_NO_BACKEND;
  if (backend == GW_NO_BACKEND || !gw_slot_accepts(gw_health_load(backend), search->slot)) return 0;
  search->backend = backend;
  return 1;
}

static long gw_try_next_slot(__u32 index, void* context) {
  struct gw_search* search = context;
  (void)index;
  search->slot = search->slot + 1 == search->slot_count ? 0 : search->slot + 1;
  return gw_try_slot(search);
}

/* The first slot, the derived ones, then those behind the first. True if one of them accepts. */
GW_INLINE int gw_select_accepting(struct gw_search* search, __u64 hash, __u32 first_slot) {
  search->slot = first_slot;
  for (__u32 i = 1; i <= GW_PROBES_DERIVED + 1; ++i) {
    if (gw_try_slot(search)) return 1;
    search->slot = gw_probe_slot(hash, i, search->slot_count);
  }
  search->slot = first_slot;
  bpf_loop(GW_PROBES_WALKED, gw_try_next_slot, search, 0);
  return search->backend != GW_NO_BACKEND;
}

/* The backend of a packet whose flow is not remembered: home in mid-flow, else the scheduler's choice; GW_NO_BACKEND if
 * there is none. `may_remember` tells whether the choice is worth keeping. */
GW_INLINE __u32 gw_choose_unremembered(const struct gw_packet* packet, const struct gw_xdp_service* service,
                                       const struct gw_slot* slot, int* may_remember) {
  *may_remember = 1;
  if (!packet->opens_flow && slot->home_backend != GW_NO_BACKEND &&
      gw_health_is_alive(gw_health_load(slot->home_backend)))
    return slot->home_backend;
  struct gw_search search = {.table_handle = service->table_handle, .slot_count = service->slot_count};
  __u32 first_slot = gw_first_slot(packet, service);
  if (gw_select_accepting(&search, packet->hash, first_slot)) return search.backend;
  *may_remember = 0;
  if (service->row.policy == GW_POLICY_FAIL_OPEN)
    return gw_load_slot(service->table_handle, first_slot).current_backend;
  return GW_NO_BACKEND;
}

/* True if the flow is remembered and its backend may have the packet, which then is packet->backend. */
GW_INLINE int gw_recall(struct gw_xdp_worker* state, struct gw_packet* packet, const struct gw_service* row,
                        __u32 now_ticks) {
  if (!gw_may_hold(state, packet->hash)) return 0;
  struct gw_flow_bucket* bucket = gw_bucket_at(packet->worker, (__u32)packet->hash);
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

static __noinline int gw_choose_asking(struct gw_packet* packet, const struct gw_xdp_service* service,
                                       const struct gw_slot* slot) {
  __u32 flags = service->row.flags;
  struct gw_xdp_worker* state = gw_worker_of(packet->worker);
  if (!state) return GW_EXIT_DROP_NO_BACKEND;
  __u32 now_ticks = gw_now_ticks();
  int remembers = !(flags & GW_SERVICE_REMEMBERS_NOTHING);
  if (remembers && gw_recall(state, packet, &service->row, now_ticks)) return GW_EXIT_SENT;
  int may_remember = 0;
  packet->backend = gw_choose_unremembered(packet, service, slot, &may_remember);
  if (packet->backend == GW_NO_BACKEND) return GW_EXIT_DROP_NO_BACKEND;
  int is_exception = packet->backend != slot->home_backend || slot->home_backend != slot->current_backend ||
                     (flags & GW_SERVICE_FOLLOWS_EVERY_FLOW);
  if (remembers && may_remember && is_exception) gw_remember(state, packet, &service->row, now_ticks);
  return GW_EXIT_SENT;
}

GW_INLINE int gw_choose_backend(struct gw_packet* packet, const struct gw_xdp_service* service) {
  struct gw_slot slot = gw_load_slot(service->table_handle, gw_scale(packet->hash, service->slot_count));
  if (gw_is_plain(&slot, service, packet)) {
    packet->backend = slot.current_backend;
    GW_WORKER_COUNT(packet->worker, plain, 1);
    return GW_EXIT_SENT;
  }
  GW_WORKER_COUNT(packet->worker, asked, 1);
  return gw_choose_asking(packet, service, &slot);
}

#endif
