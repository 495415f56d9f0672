/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) over whole 64-bit words plus a last
 * partial word. It is keyed and a PRF: whoever chooses addresses and ports but does not know the key cannot aim at a
 * slot, a bucket or a filter counter. */
#ifndef GUIDEWAY_ABI_SIPHASH_H
#define GUIDEWAY_ABI_SIPHASH_H

#include "ebpf/abi/portable.h"

struct gw_hash_key {
  __u64 k0; /* bytes 0..7 of the key, little-endian */
  __u64 k1; /* bytes 8..15 */
};
GW_STATIC_ASSERT(sizeof(struct gw_hash_key) == 16, "hash key");

struct gw_siphash_state {
  __u64 v0, v1, v2, v3;
};

GW_INLINE __u64 gw_rotate_left(__u64 value, unsigned int bits) { return (value << bits) | (value >> (64u - bits)); }

GW_INLINE void gw_siphash_round(struct gw_siphash_state* s) {
  s->v0 += s->v1;
  s->v2 += s->v3;
  s->v1 = gw_rotate_left(s->v1, 13) ^ s->v0;
  s->v3 = gw_rotate_left(s->v3, 16) ^ s->v2;
  s->v0 = gw_rotate_left(s->v0, 32);
  s->v2 += s->v1;
  s->v0 += s->v3;
  s->v1 = gw_rotate_left(s->v1, 17) ^ s->v2;
  s->v3 = gw_rotate_left(s->v3, 21) ^ s->v0;
  s->v2 = gw_rotate_left(s->v2, 32);
}

GW_INLINE void gw_siphash_absorb(struct gw_siphash_state* s, __u64 word) {
  s->v3 ^= word;
  gw_siphash_round(s);
  s->v0 ^= word;
}

/* Hashes `word_count` whole words followed by the bytes of `tail` (its unused high bytes zero).
 * `length_bytes` is the length of the whole message, as SipHash puts it into the last byte. */
GW_INLINE __u64 gw_siphash13(const struct gw_hash_key* key, const __u64* words, unsigned int word_count, __u64 tail,
                             unsigned int length_bytes) {
  struct gw_siphash_state s = {
      .v0 = key->k0 ^ 0x736f6d6570736575ull,
      .v1 = key->k1 ^ 0x646f72616e646f6dull,
      .v2 = key->k0 ^ 0x6c7967656e657261ull,
      .v3 = key->k1 ^ 0x7465646279746573ull,
  };
  for (unsigned int i = 0; i < word_count; ++i) gw_siphash_absorb(&s, words[i]);
  gw_siphash_absorb(&s, tail | ((__u64)(length_bytes & 0xffu) << 56));
  s.v2 ^= 0xff;
  gw_siphash_round(&s);
  gw_siphash_round(&s);
  gw_siphash_round(&s);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

#endif
