/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Internet checksum in memory order: as dataplane/net/checksum.hh. */
#ifndef GUIDEWAY_CHECKSUM_BPF_H
#define GUIDEWAY_CHECKSUM_BPF_H

#include "ebpf/maps.bpf.h"

GW_INLINE __u32 gw_fold(__u64 sum) {
  sum = (sum & 0xffffffffu) + (sum >> 32);
  sum = (sum & 0xffffu) + (sum >> 16);
  sum = (sum & 0xffffu) + (sum >> 16);
  return (__u32)((sum & 0xffffu) + (sum >> 16));
}

/* What to store in a header whose words, the checksum field taken as zero, add up to `sum`. */
GW_INLINE __u16 gw_checksum_of(__u64 sum) { return (__u16)~gw_fold(sum); }

/* The checksum after words that add up to `before` became words that add up to `after` (RFC 1624, equation 3). */
GW_INLINE __u16 gw_updated_checksum(__u16 checksum, __u64 before, __u64 after) {
  __u64 gone = (__u16)~gw_fold(before);
  return (__u16)~gw_fold((__u64)(__u16)~checksum + gone + gw_fold(after));
}

GW_INLINE __u64 gw_sum_of_words(const __u32* words, __u32 count) {
  __u64 sum = 0;
#pragma unroll
  for (__u32 i = 0; i < count; ++i) sum += words[i];
  return sum;
}

GW_INLINE struct gw_xdp_scratch* gw_scratch(void) {
  __u32 only = 0;
  return bpf_map_lookup_elem(&scratch, &only);
}

#define GW_SUMMED_BYTES 512u /* what bpf_csum_diff takes at once on older kernels */

/* The folded sum over bytes of the frame, at most 1535 of them and at least one; they end up in the scratch room. */
static __noinline __u32 gw_sum_of_frame(struct xdp_md* context, __u32 offset, __u32 length_bytes) {
  struct gw_xdp_scratch* room = gw_scratch();
  if (!room || length_bytes < 1 || length_bytes >= 3 * GW_SUMMED_BYTES) return 0;
  /* A last word that is not whole counts as if zeros followed. */
  *(__u32*)(room->bytes + (length_bytes & 0x7fc)) = 0;
  if (bpf_xdp_load_bytes(context, offset, room->bytes, length_bytes)) return 0;
  __u64 sum = 0;
  __u32 left_bytes = (length_bytes + 3) & 0x7fc;
#pragma unroll
  for (__u32 at = 0; at < 3 * GW_SUMMED_BYTES; at += GW_SUMMED_BYTES) {
    __u32 bytes = left_bytes < GW_SUMMED_BYTES ? left_bytes : GW_SUMMED_BYTES;
    if (bytes == 0) break;
    sum += (__u32)bpf_csum_diff(0, 0, (__be32*)(room->bytes + at), bytes, 0);
    left_bytes -= bytes;
  }
  return gw_fold(sum);
}

#endif
