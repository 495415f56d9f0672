/* SPDX-License-Identifier: Apache-2.0 */
/* What the driver (driver.bpf.c) is told to send through a program, and what it tells of that. */
#ifndef GUIDEWAY_BENCH_XDP_PLAN_H
#define GUIDEWAY_BENCH_XDP_PLAN_H

#include <linux/types.h>

/* One run of the driver: the kernel allows 33 tail calls in it. */
#define GW_BENCH_PACKETS_A_RUN 32u
#define GW_BENCH_FRAME_WORDS 10u
#define GW_BENCH_IPV4_FRAME_BYTES 60u
#define GW_BENCH_IPV6_FRAME_BYTES 80u

/* Where an IPv4 source begins is chosen by the driver: 10.0.0.0/8. Of IPv6 the last four bytes are the flow's. */
struct gw_bench_plan {
  __u64 frame[GW_BENCH_FRAME_WORDS]; /* what every packet is restored to, source address, port and checksums zero */
  __u64 flow_count;                  /* up to 2^32 */
  __u32 ip_sum;                      /* folded, of that frame's IPv4 header */
  __u32 l4_sum;                      /* folded, of that frame's TCP or UDP packet and its pseudo header */
  __u32 is_ipv6;
  __u32 is_udp;
  __u32 is_in_order; /* flow after flow, instead of at random */
  __u32 expected_action;
  __s32 expected_growth; /* of the frame, in bytes */
  __u32 action_without_program;
};

struct gw_bench_tally {
  __u64 packets;
  __u64 others; /* of them, those that got another action or length than expected */
  __u64 last_action;
  __s64 last_growth;
  __u64 random_state;
  __u64 next_flow;
};

#endif
