/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A remembered flow: 16 bytes; a bucket of them: two cache lines. An entry with hash 0 is free (a real hash of 0 is
 * stored as 1). */
#ifndef GUIDEWAY_ABI_FLOW_H
#define GUIDEWAY_ABI_FLOW_H

#include "ebpf/abi/limits.h"
#include "ebpf/abi/portable.h"

enum gw_flow_state {
  GW_FLOW_PROBATION = 0,   /* only its opening was seen: may be displaced */
  GW_FLOW_ESTABLISHED = 1, /* a second packet came */
  GW_FLOW_CLOSING = 2,     /* FIN or RST was seen */
};

#define GW_FLOW_STATE_MASK 0x7u
/* The flow began with a fragment, which a NIC spreads by addresses alone: its whole packets may come to another worker.
 * (Poll mode; in XDP any flow may wander, and is looked for without this.) */
#define GW_FLOW_WANDERS 0x8u

struct gw_flow_entry {
  __u64 hash;
  __u32 backend;  /* bits 31..8 backend index, bits 7..0 low bits of its generation */
  __u32 deadline; /* bits 31..4 tick at which it is forgotten (modulo 2^28), 3 GW_FLOW_WANDERS, 2..0 gw_flow_state */
};
GW_STATIC_ASSERT(sizeof(struct gw_flow_entry) == 16, "flow entry");

/* Deadlines are set late by this much, so that few packets of a busy flow need write theirs: what is only read stays
 * clean in the cache. A thirty-second part of the timeout, and half a second at least. */
GW_INLINE __u32 gw_flow_slack_ticks(__u32 timeout_ticks) {
  __u32 part = timeout_ticks / 32;
  return part < GW_TICKS_PER_SECOND / 2 ? GW_TICKS_PER_SECOND / 2 : part;
}

#define GW_FLOWS_PER_BUCKET 8u

struct gw_flow_bucket {
  struct gw_flow_entry entries[GW_FLOWS_PER_BUCKET];
};
GW_STATIC_ASSERT(sizeof(struct gw_flow_bucket) == 128, "flow bucket");

/* Buckets of a table for that many flows: 16 bytes each, in no power of two, so that no memory is given away. */
GW_INLINE __u32 gw_flow_bucket_count(__u32 flows_max) {
  return flows_max == 0 ? 1 : (flows_max - 1) / GW_FLOWS_PER_BUCKET + 1;
}

/* What a hash is used for here: bits 63..33 say the slot of a service's table, 32 the half of the bucket, 31..0 the
 * bucket, 17..1 the cell of the filter. Nothing hangs on bit 0 alone, for the sake of the hash 0. (Bucket and cell
 * share bits: that makes no cell fuller than another.) */

/* The low half of the hash scaled to the number of buckets (Lemire, Fast random integer generation in an interval). */
GW_INLINE __u32 gw_flow_bucket_index(__u64 hash, __u32 bucket_count) {
  return (__u32)(((hash & 0xffffffff) * bucket_count) >> 32);
}

/* The filter counts entries by cell. With 1 % of a million flows remembered, one look-up in fourteen is in vain. */
#define GW_FLOW_FILTER_CELLS 131072u
GW_INLINE __u32 gw_flow_filter_cell(__u64 hash) { return (__u32)(hash >> 1) & (GW_FLOW_FILTER_CELLS - 1); }

/* The i-th place that an entry of this hash may have in its bucket: one half, which is a cache line, before the other,
 * so that while there is room a look-up reads one line. */
GW_INLINE __u32 gw_flow_place(__u64 hash, __u32 i) {
  return i ^ ((__u32)(hash >> 32) & 1u) * (GW_FLOWS_PER_BUCKET / 2);
}

#endif
