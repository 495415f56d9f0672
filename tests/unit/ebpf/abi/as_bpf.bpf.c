// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every inline function of the ABI compiled for BPF; a verifier sees them in the XDP datapath. */
#include "tests/unit/ebpf/abi/every_header.h"

__u64 hash_flow(const struct gw_hash_key* key, const struct gw_flow_key* flow);
__u64 hash_flow(const struct gw_hash_key* key, const struct gw_flow_key* flow) { return gw_hash_flow(key, flow); }

__u32 choose(__u64 hash, __u64 word, __u32 slots);
__u32 choose(__u64 hash, __u64 word, __u32 slots) {
  __u32 slot = gw_scale(hash, slots);
  if (gw_health_is_plain(word) || gw_slot_accepts(word, slot)) return slot;
  return gw_health_is_alive(word) ? gw_health_generation(word) : gw_probe_slot(hash, 1, slots);
}
