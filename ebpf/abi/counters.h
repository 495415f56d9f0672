/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The counters that a datapath shares, read-only for everybody else. One block a worker; only that worker writes it,
 * with plain 64-bit stores; readers add the blocks up.
 *
 *   gw_counters_header | for each worker: gw_worker_counters | gw_service_counters[services_max]
 *                                         | gw_backend_counters[backends_max]                                      */
#ifndef GUIDEWAY_ABI_COUNTERS_H
#define GUIDEWAY_ABI_COUNTERS_H

#include "ebpf/abi/exits.h"

#define GW_COUNTERS_MAGIC 0x43474757u

struct gw_counters_header {
  __u32 magic;
  __u32 abi_version;
  __u32 worker_count;
  __u32 services_max;
  __u32 backends_max;
  __u32 worker_stride_bytes; /* from one worker's block to the next */
  __u64 cycles_per_second;   /* of gw_worker_counters.cycles; 0 where workers do not measure themselves (XDP) */
  __u8 zero[32];
};
GW_STATIC_ASSERT(sizeof(struct gw_counters_header) == 64, "counters header");

/* Bursts by their number of packets: class i has 2^i to 2^(i+1)-1 of them, the last class all that is larger. */
#define GW_BURST_CLASSES 8u
/* Latencies: class i is of less than 2^(i+GW_LATENCY_FIRST_BITS) ns and not of the class before, the last one all that
 * is longer. */
#define GW_LATENCY_CLASSES 16u
#define GW_LATENCY_FIRST_BITS 8u
/* One burst of so many is timed. */
#define GW_LATENCY_SAMPLED_OF 64u

struct gw_worker_counters {
  __u64 received_packets; /* = sum of exits[], always */
  __u64 received_bytes;
  __u64 sent_bytes;
  __u64 from_kernel_packets; /* the kernel's own packets, passed on to the port; not in received_packets */
  __u64 from_kernel_dropped;
  __u64 loops;                /* polls of all queues */
  __u64 busy_loops;           /* polls that found packets */
  __u64 plain;                /* answered by a plain slot, nothing looked up */
  __u64 asked;                /* the flow table was asked */
  __u64 flows_remembered;     /* gauge: entries held now */
  __u64 flows_inserted;       /* entries ever made */
  __u64 flows_not_remembered; /* should have been, but the bucket held only live flows */
  __u64 flows_displaced;      /* entries on probation that made room for another */
  __u64 flows_expired;
  __u64 cycles;      /* since the worker began, asleep or not */
  __u64 busy_cycles; /* those of polls that found packets: by cycles the load, by received_packets a packet's cost */
  __u64 exits[GW_EXITS_MAX];
  /* How the worker fares: the datapath that polls fills it, for all others it is zero. */
  __u64 bursts[GW_BURST_CLASSES];      /* received from ports */
  __u64 latencies[GW_LATENCY_CLASSES]; /* of sampled bursts: from receive to handed over to the transmit queue */
  __u64 latency_sum_ns;                /* of the same bursts */
  __u64 zero[7];
};
GW_STATIC_ASSERT(sizeof(struct gw_worker_counters) == 128 + 8 * GW_EXITS_MAX + 256, "worker counters");
GW_ASSERT_OFFSET(gw_worker_counters, exits, 128);
GW_ASSERT_OFFSET(gw_worker_counters, bursts, 128 + 8 * GW_EXITS_MAX);

struct gw_service_counters {
  __u64 packets;
  __u64 bytes;
};

struct gw_backend_counters {
  __u64 packets;
  __u64 bytes;
  __u64 opened;     /* packets that opened a flow: SYN without ACK; any UDP packet that no entry remembered */
  __u64 remembered; /* gauge: flow entries that name this backend now */
};

#endif
