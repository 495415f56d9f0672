// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What stands in libxdp's dispatcher for the balancer: leads to it by a tail call. So the dispatcher never changes when
 * the balancer is replaced: that is one store into the map. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <xdp/xdp_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} gw_balancer_place SEC(".maps");

/* What the balancer passes on goes to the programs behind it, in the order of their priorities. */
struct {
  __uint(priority, 50);
  __uint(XDP_PASS, 1);
} XDP_RUN_CONFIG(gw_entry);

SEC("xdp")
int gw_entry(struct xdp_md* context) {
  bpf_tail_call(context, &gw_balancer_place, 0);
  return XDP_PASS; /* nobody is there */
}

char gw_license[] SEC("license") = "GPL";
