/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 3, step 4 of docs/packet-path.md: which slot a scheduler tries first, and which are tried after it. */
#ifndef GUIDEWAY_SCHEDULERS_BPF_H
#define GUIDEWAY_SCHEDULERS_BPF_H

#include "ebpf/admit.bpf.h"

#define GW_RANDOM_STEP 0x9e3779b97f4a7c15ull

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

GW_INLINE const struct gw_backend* gw_backend_row(__u32 side, __u32 backend) {
  __u32 at = side * knobs.backends_max + backend;
  return bpf_map_lookup_elem(&backends, &at);
}

GW_INLINE int gw_is_living(__u32 backend) {
  return backend != GW_NO_BACKEND && gw_health_is_alive(gw_health_load(backend));
}

static __noinline __u64 gw_source_hash(const struct gw_packet* packet, __u32 bits) {
  struct gw_hash_key hash_key = gw_key_of_side(packet->side);
  struct gw_source source = gw_mask_source(packet->flow.source, packet->flow.family, bits);
  return gw_hash_source(&hash_key, &source, packet->flow.family);
}

/* What a scheduler chooses a slot by: the flow, or its source alone. */
GW_INLINE __u64 gw_choice_hash(const struct gw_packet* packet, const struct gw_service* row) {
  return row->scheduler == GW_SCHEDULER_SOURCE ? gw_source_hash(packet, row->source_bits) : packet->hash;
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
GW_INLINE int gw_select_accepting(struct gw_search* search, __u64 choice_hash, __u32 first_slot) {
  search->slot = first_slot;
  for (__u32 i = 1; i <= GW_PROBES_DERIVED + 1; ++i) {
    if (gw_try_slot(search)) return 1;
    search->slot = gw_probe_slot(choice_hash, i, search->slot_count);
  }
  search->slot = first_slot;
  bpf_loop(GW_PROBES_WALKED, gw_try_next_slot, search, 0);
  return search->backend != GW_NO_BACKEND;
}

/* Entries that name the backend, in the tables of all workers. */
static __noinline __u64 gw_flows_of(__u32 backend) {
  __u64 flows_held = 0;
  for (__u32 worker = 0; worker < GW_WORKERS_MAX && worker < knobs.worker_count; ++worker) {
    const struct gw_backend_counters* gauges = gw_backend_counters_of(worker, backend);
    if (gauges) flows_held += gauges->remembered;
  }
  return flows_held;
}

/* Whether the first has more flows a weight than the second. */
GW_INLINE int gw_is_busier(__u32 side, __u32 backend, __u32 other) {
  const struct gw_backend* row = gw_backend_row(side, backend);
  const struct gw_backend* other_row = gw_backend_row(side, other);
  return row && other_row && gw_flows_of(other) * row->weight < gw_flows_of(backend) * other_row->weight;
}

static __noinline __u32 gw_less_connected_slot(const struct gw_packet* packet, const struct gw_xdp_service* service) {
  struct gw_search search = {
      .table_handle = service->table_handle,
      .slot_count = service->slot_count,
      .slot = gw_scale(packet->hash, service->slot_count),
  };
  __u32 slot = search.slot;
  gw_try_slot(&search);
  __u32 backend = search.backend;
  search.slot = gw_probe_slot(packet->hash, GW_SECOND_CHOICE, service->slot_count);
  if (!gw_try_slot(&search)) return slot;
  if (backend == GW_NO_BACKEND || gw_is_busier(packet->side, backend, search.backend)) return search.slot;
  return slot;
}

static __noinline __u32 gw_next_round_robin_slot(const struct gw_packet* packet, const struct gw_xdp_service* service) {
  __u32 at = packet->worker * knobs.services_max + service->row.id;
  struct gw_xdp_service_state* state = bpf_map_lookup_elem(&service_states, &at);
  if (!state) return 0;
  /* The table may have become smaller since the cursor last moved. */
  __u32 slot = state->cursor < service->slot_count ? state->cursor : 0;
  state->cursor = slot + 1 == service->slot_count ? 0 : slot + 1;
  return slot;
}

GW_INLINE __u32 gw_random_slot(const struct gw_packet* packet, const struct gw_xdp_service* service) {
  struct gw_xdp_worker* state = gw_worker_of(packet->worker);
  if (!state) return 0;
  /* In a replay it begins at 0; else no two workers or boxes should draw alike. */
  if (state->random_state == 0 && !knobs.ticks_are_given)
    state->random_state = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();
  state->random_state += GW_RANDOM_STEP;
  return gw_scale(gw_mix(state->random_state), service->slot_count);
}

GW_INLINE __u32 gw_first_slot(const struct gw_packet* packet, const struct gw_xdp_service* service, __u64 choice_hash) {
  __u8 scheduler = service->row.scheduler;
  if (scheduler == GW_SCHEDULER_ROUND_ROBIN) return gw_next_round_robin_slot(packet, service);
  if (scheduler == GW_SCHEDULER_RANDOM) return gw_random_slot(packet, service);
  if (scheduler == GW_SCHEDULER_LEAST_CONNECTIONS) return gw_less_connected_slot(packet, service);
  return gw_scale(choice_hash, service->slot_count);
}

/* Sets packet->backend to the first that accepts, from `first_slot` on; else to what the policy says, which is not to
 * be remembered. */
static __noinline int gw_schedule(struct gw_packet* packet, const struct gw_xdp_service* service, __u64 choice_hash,
                                  __u32 first_slot, int* may_remember) {
  struct gw_search search = {.table_handle = service->table_handle, .slot_count = service->slot_count};
  if (gw_select_accepting(&search, choice_hash, first_slot)) {
    packet->backend = search.backend;
    return GW_EXIT_SENT;
  }
  *may_remember = 0;
  packet->backend = GW_NO_BACKEND;
  if (service->row.policy == GW_POLICY_FAIL_OPEN)
    packet->backend = gw_load_slot(service->table_handle, first_slot).current_backend;
  return packet->backend == GW_NO_BACKEND ? GW_EXIT_DROP_NO_BACKEND : GW_EXIT_SENT;
}

#endif
