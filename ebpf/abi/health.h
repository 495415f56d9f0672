/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The health word: one 64-bit word a backend. The control plane is its only writer (release stores into memory that
 * the datapath handed out), every worker loads it relaxed, once a packet.
 *
 *   bits 63..48 share       the part of its own slots that the backend accepts, 0 to 65535 (65535 = all)
 *   bits 47..40 state       enum gw_health_state
 *   bits 39..32 reason      enum gw_health_reason, for people
 *   bits 31..0  generation  raised when the index is given to another backend; flow entries carry its low 8 bits */
#ifndef GUIDEWAY_ABI_HEALTH_H
#define GUIDEWAY_ABI_HEALTH_H

#include "ebpf/abi/portable.h"

enum gw_health_state {
  GW_HEALTH_ABSENT = 0,   /* no backend has this index: established flows are chosen again */
  GW_HEALTH_UP = 1,       /* takes new flows by its share */
  GW_HEALTH_DRAINING = 2, /* keeps its flows, takes no new ones */
  GW_HEALTH_DOWN = 3,     /* takes nothing: established flows are chosen again */
};

enum gw_health_reason {
  GW_REASON_NONE = 0,
  GW_REASON_NOT_CHECKED = 1, /* no check has succeeded yet */
  GW_REASON_CHECK_FAILED = 2,
  GW_REASON_UNRESOLVED = 3,     /* no next-hop MAC known */
  GW_REASON_ADMINISTRATIVE = 4, /* an operator said so */
  GW_REASON_REMOVED = 5,        /* leaving: drains until its slots are retired */
  GW_REASON_SLOW_START = 6,
  GW_REASON_HELD = 7,  /* passes its checks again, but has failed so often that it is kept out for a while */
  GW_REASON_PANIC = 8, /* fails its checks, as do so many of its pool that health is ignored there */
  GW_REASON_AGENT = 9, /* its agent said so */
  GW_REASON_LOAD = 10, /* takes less than its part because it answers slowly */
};

#define GW_SHARE_FULL 65535u

GW_INLINE __u64 gw_health_word(__u32 share, __u32 state, __u32 reason, __u32 generation) {
  return (__u64)(share & 0xffffu) << 48 | (__u64)(state & 0xffu) << 40 | (__u64)(reason & 0xffu) << 32 | generation;
}
GW_INLINE __u32 gw_health_share(__u64 word) { return (__u32)(word >> 48); }
GW_INLINE __u32 gw_health_state_of(__u64 word) { return (__u32)(word >> 40) & 0xffu; }
GW_INLINE __u32 gw_health_reason_of(__u64 word) { return (__u32)(word >> 32) & 0xffu; }
GW_INLINE __u32 gw_health_generation(__u64 word) { return (__u32)word; }

/* Up with full share: one compare for the packet path. */
GW_INLINE int gw_health_is_plain(__u64 word) { return (word >> 40) == ((__u64)GW_SHARE_FULL << 8 | GW_HEALTH_UP); }
/* May keep established flows. */
GW_INLINE int gw_health_is_alive(__u64 word) {
  __u32 state = gw_health_state_of(word);
  return state == GW_HEALTH_UP || state == GW_HEALTH_DRAINING;
}

#endif
