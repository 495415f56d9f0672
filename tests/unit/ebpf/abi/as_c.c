/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ABI as C: the same answers as C++ gives (abi_test.cc compares). */
#include "tests/unit/ebpf/abi/every_header.h"

__u64 c_hash_flow(const struct gw_hash_key* key, const struct gw_flow_key* flow);
__u64 c_hash_flow(const struct gw_hash_key* key, const struct gw_flow_key* flow) { return gw_hash_flow(key, flow); }
__u32 c_noise(__u32 slot);
__u32 c_noise(__u32 slot) { return gw_slot_noise(slot); }
