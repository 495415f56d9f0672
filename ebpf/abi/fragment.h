/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is remembered of a first fragment, so that the later ones of its packet, which carry no ports, follow it. */
#ifndef GUIDEWAY_ABI_FRAGMENT_H
#define GUIDEWAY_ABI_FRAGMENT_H

#include "ebpf/abi/flow_key.h"

struct gw_fragment_entry {
  __u64 key; /* gw_hash_fragment; 0: free (a real hash of 0 is stored as 1) */
  __u64 flow_hash;
  __u32 backend;       /* as in gw_flow_entry: index << 8 | low bits of its generation */
  __u32 service_id;    /* for the counters */
  __u32 deadline_tick; /* forgotten then */
  __u8 exit;           /* enum gw_exit of the first fragment */
  __u8 dscp;           /* of the service, for l3dsr */
  __u8 zero[2];
};
GW_STATIC_ASSERT(sizeof(struct gw_fragment_entry) == 32, "fragment entry");

#define GW_FRAGMENTS_PER_BUCKET 4u

struct gw_fragment_bucket {
  struct gw_fragment_entry entries[GW_FRAGMENTS_PER_BUCKET];
};
GW_STATIC_ASSERT(sizeof(struct gw_fragment_bucket) == 128, "fragment bucket");

/* The message that is hashed, bytes as on the wire:
 *   IPv4: source | destination | identification (2) | 0 (2) | protocol | 0 (3) | 4      17 bytes
 *   IPv6: source | destination | identification (4) | 6                                 37 bytes
 * `flow` gives addresses, family and protocol; `identification` is the field as the machine loads it, IPv4's in the low
 * two bytes. */
GW_INLINE __u64 gw_hash_fragment(const struct gw_hash_key* key, const struct gw_flow_key* flow, __u32 identification) {
  __u64 words[4];
  if (flow->family == GW_FAMILY_IPV4) {
    __builtin_memcpy((char*)words, flow->source, 4);
    __builtin_memcpy((char*)words + 4, flow->destination, 4);
    words[1] = (__u64)identification | (__u64)flow->protocol << 32;
    return gw_siphash13(key, words, 2, GW_FAMILY_IPV4, 17);
  }
  __builtin_memcpy(words, flow->source, 16);
  __builtin_memcpy(words + 2, flow->destination, 16);
  return gw_siphash13(key, words, 4, (__u64)identification | (__u64)GW_FAMILY_IPV6 << 32, 37);
}

#endif
