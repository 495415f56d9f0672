/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A leaky bucket: so many a second, so many at once. One writer. All zero is a fresh one. */
#ifndef GUIDEWAY_ABI_BUCKET_H
#define GUIDEWAY_ABI_BUCKET_H

#include "ebpf/abi/limits.h"

struct gw_bucket {
  __u32 used; /* sixteenths of a token, so that a tick gives back exactly `rate` of them */
  __u32 tick; /* of the last question */
};
GW_STATIC_ASSERT(sizeof(struct gw_bucket) == 8, "bucket");

/* What one of `worker_count` workers may spend of a limit for the whole box. */
GW_INLINE __u32 gw_share_of_limit(__u32 limit, __u32 worker_count) { return (limit + worker_count - 1) / worker_count; }

/* Takes a token; false if there is none. `rate` a second, `burst` at once, both at most GW_FLOW_RATE_MAX. */
GW_INLINE int gw_take_token(struct gw_bucket* bucket, __u32 rate, __u32 burst, __u32 now_ticks) {
  __u64 leaked = (__u64)(__u32)(now_ticks - bucket->tick) * rate;
  __u32 used = leaked >= bucket->used ? 0 : bucket->used - (__u32)leaked;
  bucket->tick = now_ticks;
  bucket->used = used;
  if ((__u64)used + GW_TICKS_PER_SECOND > (__u64)burst * GW_TICKS_PER_SECOND) return 0;
  bucket->used = used + GW_TICKS_PER_SECOND;
  return 1;
}

#endif
