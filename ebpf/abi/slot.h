/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A slot of a Maglev table, and the pure arithmetic of choosing one. */
#ifndef GUIDEWAY_ABI_SLOT_H
#define GUIDEWAY_ABI_SLOT_H

#include "ebpf/abi/health.h"
#include "ebpf/abi/limits.h"

/* Both backends side by side, one load: `current` is what the table says now, `home` is what a flow that nobody
 * remembers is taken to have. They differ only while an operator's change of the table is being retired. */
struct gw_slot {
  __u32 current_backend; /* backend index, or GW_NO_BACKEND */
  __u32 home_backend;
};
GW_STATIC_ASSERT(sizeof(struct gw_slot) == 8, "slot");

#define GW_NO_BACKEND 0xffffffffu

/* Maps a hash onto 0..slot_count-1 by its high 32 bits, without division. */
GW_INLINE __u32 gw_scale(__u64 hash, __u32 slot_count) { return (__u32)(((hash >> 32) * slot_count) >> 32); }

/* A 64-bit bijection (the finaliser of MurmurHash3, Appleby): spreads what is already keyed. */
GW_INLINE __u64 gw_mix(__u64 x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdull;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ull;
  return x ^ (x >> 33);
}

/* The i-th further slot to try for a hash (i from 1 to GW_PROBES_DERIVED). */
GW_INLINE __u32 gw_probe_slot(__u64 hash, __u32 i, __u32 slot_count) { return gw_scale(gw_mix(hash + i), slot_count); }

/* The slot's own fixed noise, 0 to 65534: a share of 65535 accepts every slot, a share of 0 none. */
GW_INLINE __u32 gw_slot_noise(__u32 slot) { return (__u32)(((gw_mix(slot) >> 48) * GW_SHARE_FULL) >> 16); }

/* Whether the backend whose health word this is takes a new flow in that slot. */
GW_INLINE int gw_slot_accepts(__u64 health_word, __u32 slot) {
  return gw_health_state_of(health_word) == GW_HEALTH_UP && gw_slot_noise(slot) < gw_health_share(health_word);
}

#endif
