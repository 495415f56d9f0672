// SPDX-License-Identifier: Apache-2.0
// Runs a program on packet after packet inside of one BPF_PROG_TEST_RUN: the frame is restored before each, with the
// source of another flow in it and its checksums right. The program is reached by a tail call out of a function, which
// comes back behind the call: so it is the very program that would be attached, as it was loaded.
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tests/bench/xdp/plan.h"

#define INLINE static inline __attribute__((always_inline))

char licence[] SEC("license") = "Apache-2.0";

struct gw_bench_plan plan = {0};
struct gw_bench_tally tally = {0};

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} programs SEC(".maps");

// The floor: what is left of the time when the program does nothing.
SEC("xdp")
int only_pass(struct xdp_md* context) {
  (void)context;
  return XDP_PASS;
}

// The same with room made for an outer IPv4 header, which the driver takes away again.
SEC("xdp")
int only_move_head(struct xdp_md* context) { return bpf_xdp_adjust_head(context, -20) ? XDP_ABORTED : XDP_TX; }

INLINE __u32 next_flow(void) {
  if (plan.is_in_order) {
    __u64 flow = tally.next_flow;
    tally.next_flow = flow + 1 < plan.flow_count ? flow + 1 : 0;
    return (__u32)flow;
  }
  // A linear congruential generator (Knuth's MMIX), its high half scaled.
  tally.random_state = tally.random_state * 6364136223846793005ull + 1442695040888963407ull;
  return (__u32)(((tally.random_state >> 32) * plan.flow_count) >> 32);
}

INLINE __u16 checksum_of(__u64 sum) {
  sum = (sum & 0xffffffffu) + (sum >> 32);
  sum = (sum & 0xffffu) + (sum >> 16);
  sum = (sum & 0xffffu) + (sum >> 16);
  return (__u16) ~((sum & 0xffffu) + (sum >> 16));
}

// Restores the frame for that flow.
INLINE int write_packet(void* data, void* end, __u32 flow) {
  __u64* words = data;
  // A flow is 24 bits of address and what is left of 32 in the port, mixed so that ports differ among few flows too.
  __u32 address_be32 = bpf_htonl(0x0a000000u | (flow & 0xffffffu));
  __u16 port_be16 = bpf_htons((__u16)(0x4000u | ((flow >> 24 | flow << 8) & 0x3fffu)));
  __u16 l4_checksum = checksum_of((__u64)plan.l4_sum + address_be32 + port_be16);
  if (data + GW_BENCH_IPV4_FRAME_BYTES > end) return 0;
  for (int i = 0; i < 7; ++i) words[i] = plan.frame[i];
  if (plan.is_ipv6) {
    if (data + GW_BENCH_IPV6_FRAME_BYTES > end) return 0;
    for (int i = 7; i < 10; ++i) words[i] = plan.frame[i];
    *(__u32*)(data + 34) = address_be32;
    *(__u16*)(data + 54) = port_be16;
    *(__u16*)(data + 54 + 16) = l4_checksum;
    return 1;
  }
  *(__u32*)(data + 56) = (__u32)plan.frame[7];
  *(__u16*)(data + 24) = checksum_of((__u64)plan.ip_sum + address_be32);
  *(__u32*)(data + 26) = address_be32;
  *(__u16*)(data + 34) = port_be16;
  if (plan.is_udp)
    *(__u16*)(data + 40) = l4_checksum;
  else
    *(__u16*)(data + 50) = l4_checksum;
  return 1;
}

// What is returned where there is no program to call is read from memory: were it a constant, compiler and verifier
// would take it for the result of every call.
static __noinline int run_program(struct xdp_md* context) {
  bpf_tail_call_static(context, &programs, 0);
  return (int)*(volatile __u32*)&plan.action_without_program;
}

INLINE void check_result(__u32 action, __s32 growth) {
  if (action != plan.expected_action || growth != plan.expected_growth) tally.others += 1;
  tally.last_action = action;
  tally.last_growth = growth;
}

SEC("xdp")
int drive(struct xdp_md* context) {
  __s32 frame_bytes = plan.is_ipv6 ? GW_BENCH_IPV6_FRAME_BYTES : GW_BENCH_IPV4_FRAME_BYTES;
  for (__u32 i = 0; i < GW_BENCH_PACKETS_A_RUN; ++i) {
    if (!write_packet((void*)(long)context->data, (void*)(long)context->data_end, next_flow())) return XDP_ABORTED;
    // Atomic, which empties the store buffer: what a NIC has delivered does not lie there, and no program should pay
    // for reading wider than the driver wrote.
    __sync_fetch_and_add(&tally.packets, 1);
    int action = run_program(context);
    __s32 growth = (__s32)((long)context->data_end - (long)context->data) - frame_bytes;
    check_result((__u32)action, growth);
    if (growth != 0 && bpf_xdp_adjust_head(context, growth)) return XDP_ABORTED;
  }
  return XDP_PASS;
}
