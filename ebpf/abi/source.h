/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hashes of a source address alone: for the scheduler source, and for limits of new flows a source. */
#ifndef GUIDEWAY_ABI_SOURCE_H
#define GUIDEWAY_ABI_SOURCE_H

#include "ebpf/abi/flow_key.h"

struct gw_source {
  __u64 words[2]; /* the address, host bits zero; IPv4 in the first four bytes */
};

/* The first `bits` bits of an address: 0 to 32 or 128. */
GW_INLINE struct gw_source gw_mask_source(const __u8 address[16], __u8 family, __u32 bits) {
  struct gw_source source;
  __builtin_memcpy(source.words, address, 16);
  if (family == GW_FAMILY_IPV4) {
    __u32 mask = bits == 0 ? 0 : __builtin_bswap32(0xffffffffu << (32 - (bits & 31)) % 32);
    source.words[0] &= bits >= 32 ? 0xffffffffu : mask;
    source.words[1] = 0;
    return source;
  }
  if (bits < 64) {
    __u64 mask = bits == 0 ? 0 : __builtin_bswap64(~0ull << (64 - bits));
    source.words[0] &= mask;
    source.words[1] = 0;
  } else if (bits < 128) {
    __u64 mask = bits == 64 ? 0 : __builtin_bswap64(~0ull << (128 - bits));
    source.words[1] &= mask;
  }
  return source;
}

/* Message: masked address | family. 5 bytes for IPv4, 17 for IPv6. */
GW_INLINE __u64 gw_hash_source(const struct gw_hash_key* key, const struct gw_source* source, __u8 family) {
  if (family == GW_FAMILY_IPV4) return gw_siphash13(key, source->words, 0, source->words[0] | (__u64)family << 32, 5);
  return gw_siphash13(key, source->words, 2, family, 17);
}

/* Message: masked address | service id (4 bytes, little-endian) | family. 9 bytes for IPv4, 21 for IPv6. */
GW_INLINE __u64 gw_hash_limit(const struct gw_hash_key* key, const struct gw_source* source, __u8 family,
                              __u32 service_id) {
  if (family == GW_FAMILY_IPV4) {
    __u64 word = source->words[0] | (__u64)service_id << 32;
    return gw_siphash13(key, &word, 1, family, 9);
  }
  return gw_siphash13(key, source->words, 2, (__u64)service_id | (__u64)family << 32, 21);
}

#endif
