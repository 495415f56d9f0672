/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a CPU remembers: the rules of dataplane/forwarding/flow_table.hh, told once more for maps. A worker's buckets,
 * filter and gauges are written by its own CPU only, with softirqs off, so nothing here is locked or atomic. */
#ifndef GUIDEWAY_FLOW_TABLE_BPF_H
#define GUIDEWAY_FLOW_TABLE_BPF_H

#include "ebpf/abi/limits.h"
#include "ebpf/maps.bpf.h"

#define GW_TICK_MASK ((1u << 28) - 1)
#define GW_TICKS_AHEAD_MAX (1u << 27)
#define GW_FILTER_SATURATED 0xffff
#define GW_BUCKETS_SWEPT 2

enum gw_remembered { GW_REMEMBERED_INSERTED, GW_REMEMBERED_DISPLACED, GW_REMEMBERED_REFUSED };

/* The coarse clock moves with the jiffies, and those are read without a call. */
GW_INLINE __u32 gw_now_ticks(void) {
  if (knobs.ticks_are_given) return control.now_ticks;
  __u32 only = 0;
  struct gw_xdp_clock* clock = bpf_map_lookup_elem(&clocks, &only);
  __u64 jiffies = bpf_jiffies64();
  if (clock && clock->jiffies == jiffies) return clock->now_ticks;
  __u32 now_ticks = (__u32)(bpf_ktime_get_coarse_ns() / (1000000000u / GW_TICKS_PER_SECOND));
  if (clock) {
    clock->now_ticks = now_ticks;
    clock->jiffies = jiffies;
  }
  return now_ticks;
}

GW_INLINE struct gw_xdp_worker* gw_worker_of(__u32 worker) { return bpf_map_lookup_elem(&workers, &worker); }

GW_INLINE __u16* gw_filter_of(struct gw_xdp_worker* state, __u64 hash) {
  return &state->filter[gw_flow_filter_cell(hash)];
}

/* False: nothing is remembered under this hash, certainly. */
GW_INLINE int gw_may_hold(struct gw_xdp_worker* state, __u64 hash) {
  return state->held != 0 && *gw_filter_of(state, hash) != 0;
}

/* The same of all workers. */
GW_INLINE __u32* gw_shared_filter_of(__u64 hash) {
  __u32 first = 0;
  struct gw_xdp_shared_filter* shared = bpf_map_lookup_elem(&shared_filter, &first);
  return shared ? &shared->held[gw_flow_filter_cell(hash)] : 0;
}

GW_INLINE struct gw_flow_bucket* gw_bucket_at(__u32 worker, __u32 index) {
  __u32 at = worker * knobs.bucket_count + index;
  return bpf_map_lookup_elem(&flows, &at);
}

GW_INLINE struct gw_flow_bucket* gw_bucket_of(__u32 worker, __u64 hash) {
  return gw_bucket_at(worker, gw_flow_bucket_index(hash, knobs.bucket_count));
}

GW_INLINE __u64 gw_stored_hash(__u64 hash) { return hash == 0 ? 1 : hash; }
GW_INLINE __u32 gw_entry_backend(const struct gw_flow_entry* entry) { return entry->backend >> 8; }
GW_INLINE __u32 gw_entry_state(const struct gw_flow_entry* entry) { return entry->deadline & GW_FLOW_STATE_MASK; }

GW_INLINE __u32 gw_remaining_ticks(const struct gw_flow_entry* entry, __u32 now_ticks) {
  __u32 ahead = ((entry->deadline >> 4) - now_ticks) & GW_TICK_MASK;
  return ahead < GW_TICKS_AHEAD_MAX ? ahead : 0;
}

GW_INLINE __u32 gw_deadline_word(__u32 state, __u32 now_ticks, __u32 timeout_ticks) {
  return ((now_ticks + timeout_ticks + gw_flow_slack_ticks(timeout_ticks)) & GW_TICK_MASK) << 4 | state;
}

/* Keeps the filter, the gauges and `held` in step with an entry that comes (+1) or goes (-1). */
GW_INLINE void gw_account_entry(struct gw_xdp_worker* state, __u32 worker, __u64 hash, __u32 backend, int by) {
  __u16* held_here = gw_filter_of(state, hash);
  /* A counter that was ever full no longer knows its number: it stays, and only costs look-ups. */
  if (*held_here != GW_FILTER_SATURATED) *held_here += by;
  __u32* held_by_all = gw_shared_filter_of(hash);
  if (held_by_all) __sync_fetch_and_add(held_by_all, by);
  state->held += by;
  struct gw_xdp_line* line = gw_counter_line(worker, __builtin_offsetof(struct gw_worker_counters, flows_remembered));
  if (line)
    line->words[__builtin_offsetof(struct gw_worker_counters, flows_remembered) % GW_XDP_LINE_BYTES / 8] = state->held;
  struct gw_backend_counters* gauges = gw_backend_counters_of(worker, backend);
  if (gauges) gauges->remembered += by;
}

static __noinline void gw_forget(struct gw_xdp_worker* state, __u32 worker, struct gw_flow_entry* entry) {
  gw_account_entry(state, worker, entry->hash, gw_entry_backend(entry), -1);
  /* Only the hash: a flow that expired and comes again takes this place at once, and who reads the entry meanwhile
   * finds one hash before and after. What lies between then is its old backend or its new one, never none. */
  *(volatile __u64*)&entry->hash = 0;
}

/* 1 if they are equal; no branch. BPF has none but branches for a comparison, so the compiler, which knows one when it
 * sees it, is not shown that `negative` is just that. */
GW_INLINE __u32 gw_equals(__u64 one, __u64 other) {
  __u64 difference = one ^ other;
  __u64 negative = -difference;
  barrier_var(negative);
  return (__u32)((difference | negative) >> 63) ^ 1;
}

/* Which of the four entries from `first` on has that hash, or 4. Without branches on what is loaded: the processor does
 * not wait here for the cache line, it goes on with the packet. */
GW_INLINE __u32 gw_find_in_line(const struct gw_flow_bucket* bucket, __u32 first, __u64 wanted) {
  const struct gw_flow_entry* entries = &bucket->entries[first & (GW_FLOWS_PER_BUCKET / 2)];
  __u32 at_1 = gw_equals(entries[1].hash, wanted);
  __u32 at_2 = gw_equals(entries[2].hash, wanted);
  __u32 at_3 = gw_equals(entries[3].hash, wanted);
  __u32 at_none = 1 ^ (gw_equals(entries[0].hash, wanted) | at_1 | at_2 | at_3);
  return at_1 + 2 * at_2 + 3 * at_3 + 4 * at_none;
}

/* The position of the live entry of that hash in its bucket, or GW_FLOWS_PER_BUCKET. An entry past its deadline is
 * forgotten on the way. The line where it most likely is comes first. */
GW_INLINE __u32 gw_find(struct gw_xdp_worker* state, const struct gw_packet* packet, struct gw_flow_bucket* bucket,
                        __u32 now_ticks) {
  __u64 wanted = gw_stored_hash(packet->hash);
  __u32 first = gw_flow_place(packet->hash, 0);
  __u32 found = gw_find_in_line(bucket, first, wanted);
  if (found >= GW_FLOWS_PER_BUCKET / 2) {
    first ^= GW_FLOWS_PER_BUCKET / 2;
    found = gw_find_in_line(bucket, first, wanted);
    if (found >= GW_FLOWS_PER_BUCKET / 2) return GW_FLOWS_PER_BUCKET;
  }
  __u32 place = (first + found) & (GW_FLOWS_PER_BUCKET - 1);
  struct gw_flow_entry* entry = &bucket->entries[place];
  if (gw_remaining_ticks(entry, now_ticks) != 0) return place;
  gw_forget(state, packet->worker, entry);
  return GW_FLOWS_PER_BUCKET;
}

/* A free place, or an expired one; else that of the entry on probation with the least time left. */
GW_INLINE __u32 gw_find_place(const struct gw_flow_bucket* bucket, __u64 hash, __u32 now_ticks, int* displaces) {
  __u32 least_remaining = 0xffffffff;
  __u32 place = GW_FLOWS_PER_BUCKET;
  *displaces = 0;
  for (__u32 i = 0; i < GW_FLOWS_PER_BUCKET; ++i) {
    __u32 at = gw_flow_place(hash, i) & (GW_FLOWS_PER_BUCKET - 1);
    const struct gw_flow_entry* entry = &bucket->entries[at];
    __u32 remaining = gw_remaining_ticks(entry, now_ticks);
    if (entry->hash == 0 || remaining == 0) {
      *displaces = 0;
      return at;
    }
    if (gw_entry_state(entry) == GW_FLOW_PROBATION && remaining < least_remaining) {
      least_remaining = remaining;
      place = at;
      *displaces = 1;
    }
  }
  return place;
}

/* Remembers a flow that gw_find() did not. */
GW_INLINE enum gw_remembered gw_insert(struct gw_xdp_worker* state, const struct gw_packet* packet, __u32 flow_state,
                                       __u32 backend_generation, __u32 now_ticks, __u32 timeout_ticks) {
  struct gw_flow_bucket* bucket = gw_bucket_of(packet->worker, packet->hash);
  if (!bucket) return GW_REMEMBERED_REFUSED;
  int displaces = 0;
  __u32 place = gw_find_place(bucket, packet->hash, now_ticks, &displaces);
  if (place >= GW_FLOWS_PER_BUCKET) return GW_REMEMBERED_REFUSED;
  struct gw_flow_entry* entry = &bucket->entries[place];
  if (entry->hash != 0) gw_forget(state, packet->worker, entry);
  entry->backend = packet->backend << 8 | (backend_generation & 0xff);
  entry->deadline = gw_deadline_word(flow_state, now_ticks, timeout_ticks);
  /* Last, for the sake of other workers that look here. */
  *(volatile __u64*)&entry->hash = gw_stored_hash(packet->hash);
  gw_account_entry(state, packet->worker, packet->hash, packet->backend, 1);
  return displaces ? GW_REMEMBERED_DISPLACED : GW_REMEMBERED_INSERTED;
}

/* Moves the deadline, unless it is late enough already: a line that is only read costs the memory half. */
GW_INLINE void gw_touch(struct gw_flow_entry* entry, __u32 state, __u32 now_ticks, __u32 timeout_ticks) {
  __u32 before = entry->deadline;
  __u32 word = gw_deadline_word(state, now_ticks, timeout_ticks);
  __u32 moved = ((word >> 4) - (before >> 4)) & GW_TICK_MASK;
  if (((before ^ word) & GW_FLOW_STATE_MASK) | (moved > gw_flow_slack_ticks(timeout_ticks))) entry->deadline = word;
}

/* Which entries of other workers end when they are found. */
enum gw_ending { GW_ENDS_NONE, GW_ENDS_DEAD, GW_ENDS_ALL };

/* The question put to workers one by one; `backend` is the answer, GW_NO_BACKEND until there is one. */
struct gw_inquiry {
  __u64 stored_hash;
  __u32 now_ticks;
  __u32 asking_worker;
  __u32 backend;
  __u16 flow_state;
  __u16 ending; /* enum gw_ending */
};

/* Another worker's entry, as it was read, is past its deadline from now on; not if its worker has changed it since. */
GW_INLINE void gw_end_entry(struct gw_flow_entry* entry, const struct gw_flow_entry* copy, __u32 now_ticks) {
  __u32 ended = (now_ticks & GW_TICK_MASK) << 4 | gw_entry_state(copy);
  __u64 before = copy->backend | (__u64)copy->deadline << 32;
  __u64 after = copy->backend | (__u64)ended << 32;
  __sync_val_compare_and_swap((__u64*)&entry->backend, before, after);
}

/* An entry of another worker: it may change while it is read, which its hash then tells. */
GW_INLINE __u32 gw_read_entry(struct gw_flow_entry* found, struct gw_inquiry* inquiry) {
  const volatile struct gw_flow_entry* entry = found;
  if (entry->hash != inquiry->stored_hash) return GW_NO_BACKEND;
  struct gw_flow_entry copy = {.backend = entry->backend, .deadline = entry->deadline};
  if (entry->hash != inquiry->stored_hash || gw_remaining_ticks(&copy, inquiry->now_ticks) == 0) return GW_NO_BACKEND;
  __u64 word = gw_health_load(gw_entry_backend(&copy));
  int is_dead = (gw_health_generation(word) & 0xff) != (copy.backend & 0xff) || !gw_health_is_alive(word);
  if (inquiry->ending == GW_ENDS_ALL || (inquiry->ending == GW_ENDS_DEAD && is_dead))
    gw_end_entry(found, &copy, inquiry->now_ticks);
  inquiry->flow_state = (__u16)gw_entry_state(&copy);
  return is_dead ? GW_NO_BACKEND : gw_entry_backend(&copy);
}

static __noinline void gw_ask_one_worker(__u32 worker, struct gw_inquiry* inquiry) {
  struct gw_xdp_worker* state = gw_worker_of(worker);
  if (!state || !gw_may_hold(state, inquiry->stored_hash)) return;
  struct gw_flow_bucket* bucket = gw_bucket_of(worker, inquiry->stored_hash);
  if (!bucket) return;
  for (__u32 i = 0; i < GW_FLOWS_PER_BUCKET; ++i) {
    inquiry->backend = gw_read_entry(&bucket->entries[i], inquiry);
    if (inquiry->backend != GW_NO_BACKEND) return;
  }
}

static long gw_ask_next_worker(__u32 worker, void* context) {
  struct gw_inquiry* inquiry = context;
  if (worker != inquiry->asking_worker) gw_ask_one_worker(worker, inquiry);
  return inquiry->backend != GW_NO_BACKEND;
}

/* False: no other worker remembers anything under the packet's hash, certainly. */
GW_INLINE int gw_others_may_hold(struct gw_xdp_worker* state, const struct gw_packet* packet) {
  __u32* held_by_all = gw_shared_filter_of(packet->hash);
  __u16 held_here = *gw_filter_of(state, packet->hash);
  return held_here == GW_FILTER_SATURATED || (held_by_all && *(volatile __u32*)held_by_all != held_here);
}

/* What the other workers remember of the packet's flow: a living backend, or GW_NO_BACKEND. */
static __noinline __u32 gw_ask_other_workers(const struct gw_packet* packet, __u32 now_ticks, __u32 ending,
                                             __u32* flow_state) {
  struct gw_inquiry inquiry = {
      .stored_hash = gw_stored_hash(packet->hash),
      .now_ticks = now_ticks,
      .asking_worker = packet->worker,
      .backend = GW_NO_BACKEND,
      .ending = (__u16)ending,
  };
  if (knobs.worker_count > 1) bpf_loop(knobs.worker_count, gw_ask_next_worker, &inquiry, 0);
  if (flow_state) *flow_state = inquiry.flow_state;
  return inquiry.backend;
}

/* What this worker remembers, read as if it were another. */
static __noinline __u32 gw_ask_own_table(const struct gw_packet* packet, __u32 now_ticks) {
  struct gw_inquiry inquiry = {
      .stored_hash = gw_stored_hash(packet->hash),
      .now_ticks = now_ticks,
      .backend = GW_NO_BACKEND,
  };
  gw_ask_one_worker(packet->worker, &inquiry);
  return inquiry.backend;
}

/* Forgets what has expired in the next buckets of an endless round. */
GW_INLINE void gw_sweep_buckets(__u32 worker) {
  struct gw_xdp_worker* state = gw_worker_of(worker);
  if (!state || state->held == 0) return;
  __u32 now_ticks = gw_now_ticks();
  for (__u32 i = 0; i < GW_BUCKETS_SWEPT; ++i) {
    state->sweep_cursor = state->sweep_cursor + 1 < knobs.bucket_count ? state->sweep_cursor + 1 : 0;
    struct gw_flow_bucket* bucket = gw_bucket_at(worker, state->sweep_cursor);
    if (!bucket) return;
    for (__u32 at = 0; at < GW_FLOWS_PER_BUCKET; ++at) {
      struct gw_flow_entry* entry = &bucket->entries[at];
      if (entry->hash == 0 || gw_remaining_ticks(entry, now_ticks) != 0) continue;
      gw_forget(state, worker, entry);
      GW_WORKER_COUNT(worker, flows_expired, 1);
    }
  }
}

#endif
