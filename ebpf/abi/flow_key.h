/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What names a flow, and the one function that both datapaths must compute alike: its keyed hash.
 *
 * The message that is hashed is, byte for byte as on the wire:
 *   source address | destination address | source port | destination port | protocol | family (4 or 6)
 * that is 14 bytes for IPv4 and 38 for IPv6. tests/oracle/siphash.py computes the same independently. */
#ifndef GUIDEWAY_ABI_FLOW_KEY_H
#define GUIDEWAY_ABI_FLOW_KEY_H

#include "ebpf/abi/siphash.h"

#define GW_FAMILY_IPV4 4u
#define GW_FAMILY_IPV6 6u

GW_INLINE __u8 gw_address_bits(__u8 family) { return family == GW_FAMILY_IPV4 ? 32 : 128; }

/* An IPv4 address stands in the first four bytes, the other twelve are zero. */
struct gw_flow_key {
  __u8 source[16];
  __u8 destination[16];
  __be16 source_port_be16;
  __be16 destination_port_be16;
  __u8 protocol; /* 6 or 17 */
  __u8 family;   /* 4 or 6 */
  __u8 zero[2];
};
GW_STATIC_ASSERT(sizeof(struct gw_flow_key) == 40, "flow key");
GW_ASSERT_OFFSET(gw_flow_key, source_port_be16, 32);
GW_ASSERT_OFFSET(gw_flow_key, protocol, 36);

GW_INLINE __u64 gw_flow_tail(__be16 source_port_be16, __be16 destination_port_be16, __u8 protocol, __u8 family) {
  return (__u64)source_port_be16 | (__u64)destination_port_be16 << 16 | (__u64)protocol << 32 | (__u64)family << 40;
}

GW_INLINE __u64 gw_hash_flow(const struct gw_hash_key* key, const struct gw_flow_key* flow) {
  __u64 words[4];
  __u64 tail = gw_flow_tail(flow->source_port_be16, flow->destination_port_be16, flow->protocol, flow->family);
  if (flow->family == GW_FAMILY_IPV4) {
    __builtin_memcpy((char*)words, flow->source, 4);
    __builtin_memcpy((char*)words + 4, flow->destination, 4);
    return gw_siphash13(key, words, 1, tail, 14);
  }
  __builtin_memcpy(words, flow->source, 16);
  __builtin_memcpy(words + 2, flow->destination, 16);
  return gw_siphash13(key, words, 4, tail, 38);
}

#endif
