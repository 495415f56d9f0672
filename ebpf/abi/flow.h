/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A remembered flow: 16 bytes; a bucket of them: two cache lines. An entry with hash 0 is free (a real hash of 0 is
 * stored as 1). */
#ifndef GUIDEWAY_ABI_FLOW_H
#define GUIDEWAY_ABI_FLOW_H

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

#define GW_FLOWS_PER_BUCKET 8u

struct gw_flow_bucket {
  struct gw_flow_entry entries[GW_FLOWS_PER_BUCKET];
};
GW_STATIC_ASSERT(sizeof(struct gw_flow_bucket) == 128, "flow bucket");

/* The i-th place that an entry of this hash may have in its bucket: one half, which is a cache line, before the other,
 * so that while there is room a look-up reads one line. */
GW_INLINE __u32 gw_flow_place(__u64 hash, __u32 i) {
  return i ^ ((__u32)(hash >> 31) & 1u) * (GW_FLOWS_PER_BUCKET / 2);
}

#endif
