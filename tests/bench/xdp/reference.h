/* SPDX-License-Identifier: Apache-2.0 */
/* What the reference (reference.bpf.c) and those who load it share. */
#ifndef GUIDEWAY_BENCH_XDP_REFERENCE_H
#define GUIDEWAY_BENCH_XDP_REFERENCE_H

#include <linux/types.h>

#include "ebpf/abi/limits.h"

#define GW_BENCH_REFERENCE_BACKENDS 100u

struct gw_bench_service_key {
  __be32 address_be32;
  __be16 port_be16;
  __u8 protocol;
  __u8 zero;
};

struct gw_bench_reference_flow {
  __be32 source_be32;
  __be32 destination_be32;
  __be32 ports_be32; /* source and destination, as they stand in the packet */
  __u32 protocol;
};

struct gw_bench_reference_backend {
  __be32 address_be32;
  __be32 outer_source_be32;
  __u8 macs[12]; /* next hop, source */
};

struct gw_bench_reference_counters {
  __u64 packets;
  __u64 bytes;
};

#endif
