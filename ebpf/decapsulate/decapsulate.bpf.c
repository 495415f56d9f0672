/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A backend's end of Guideway's tunnels, for hosts whose kernel lacks the tunnel device: takes the outer headers off
 * packets that come from an allowed source, and lets the kernel go on with the inner packet. For l3dsr it restores what
 * the balancer changed. One text for XDP and for tc. Headers are read by copies, so it does not matter how a frame lies
 * in memory. Every packet has one outcome, and is counted under it. Whatever is not recognisably a tunnel's packet from
 * an allowed source, or one of l3dsr, is the kernel's. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "ebpf/decapsulate/decapsulate.h"
#include "ebpf/decapsulate/frame.bpf.h"
#include "ebpf/decapsulate/inner.bpf.h"
#include "ebpf/decapsulate/l3dsr.bpf.h"
#include "ebpf/decapsulate/outer.bpf.h"
#include "ebpf/decapsulate/tunnel.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_decapsulate_counters);
} counters SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_decapsulate_attachment);
} attachment SEC(".maps");

GW_INLINE int judge(const struct frame* frame, struct tunnel* tunnel) {
  int outcome = read_outer(frame, tunnel);
  if (outcome == UNDECIDED) outcome = read_tunnel(frame, tunnel);
  if (outcome == UNDECIDED) outcome = read_inner(frame, tunnel);
  return outcome == UNDECIDED ? tunnel->outcome : outcome;
}

GW_INLINE void count(int outcome) {
  __u32 zero = 0;
  struct gw_decapsulate_counters* mine = bpf_map_lookup_elem(&counters, &zero);
  if (!mine || outcome < 0 || outcome >= GW_DECAPSULATE_OUTCOMES) return;
  mine->received_packets++;
  mine->outcomes[outcome]++;
}

/* What is no tunnel's may be of l3dsr; so may UDP that only might be GUE: fragments, or a client's to that port. */
GW_INLINE int restore_instead(const struct frame* frame, int outcome) {
  if (outcome == GW_DECAPSULATE_KERNEL_NOT_TUNNEL) return restore_l3dsr(frame);
  if (outcome != GW_DECAPSULATE_KERNEL_SOURCE && outcome != GW_DECAPSULATE_KERNEL_FRAGMENT) return outcome;
  int restored = restore_l3dsr(frame);
  return restored == GW_DECAPSULATE_KERNEL_NOT_TUNNEL ? outcome : restored;
}

SEC("xdp.frags")
int decapsulate_xdp(struct xdp_md* xdp) {
  struct frame frame = {.context = xdp, .is_xdp = 1, .bytes = bpf_xdp_get_buff_len(xdp)};
  struct tunnel tunnel = {};
  int outcome = judge(&frame, &tunnel);
  if (outcome <= GW_DECAPSULATED_GRE) {
    struct ethhdr ethernet;
    int failed = load(&frame, 0, &ethernet, sizeof(ethernet));
    ethernet.h_proto = inner_ethertype(&tunnel);
    failed = failed || bpf_xdp_adjust_head(xdp, (int)(tunnel.inner_offset - ETH_HLEN));
    failed = failed || bpf_xdp_store_bytes(xdp, 0, &ethernet, sizeof(ethernet));
    failed = failed || set_ecn(&frame, &tunnel);
    if (failed) outcome = GW_DECAPSULATE_DROP_REWRITE_FAILED;
  } else {
    outcome = restore_instead(&frame, outcome);
  }
  count(outcome);
  return outcome >= GW_DECAPSULATE_DROP_OUTER_INVALID ? XDP_DROP : XDP_PASS;
}

/* The kernel goes by skb->protocol, which only bpf_skb_change_proto() changes in every kernel. It makes room for, or
 * takes away, the 20 bytes that the headers of the families differ by. */
GW_INLINE int change_family(struct __sk_buff* skb, const struct tunnel* tunnel, __u32* strip_bytes) {
  if (tunnel->inner_version == tunnel->outer_version) return 0;
  if (tunnel->inner_version == 6)
    *strip_bytes += 20;
  else
    *strip_bytes -= 20;
  return bpf_skb_change_proto(skb, inner_ethertype(tunnel), 0);
}

SEC("tc")
int decapsulate_tc(struct __sk_buff* skb) {
  struct frame frame = {.context = skb, .is_xdp = 0, .bytes = skb->len};
  struct tunnel tunnel = {};
  /* A tagged frame belongs to another device. */
  int outcome = skb->vlan_present ? GW_DECAPSULATE_KERNEL_NOT_TUNNEL : judge(&frame, &tunnel);
  if (outcome <= GW_DECAPSULATED_GRE) {
    __be16 ethertype = inner_ethertype(&tunnel);
    __u32 strip_bytes = tunnel.inner_offset - ETH_HLEN;
    int failed = change_family(skb, &tunnel, &strip_bytes);
    /* Without further flags the helper also forgets what a NIC found out about the outer packet's checksums. */
    failed = failed || bpf_skb_adjust_room(skb, -(int)strip_bytes, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
    failed = failed || bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto), &ethertype, sizeof(ethertype), 0);
    failed = failed || set_ecn(&frame, &tunnel);
    if (failed) outcome = GW_DECAPSULATE_DROP_REWRITE_FAILED;
  } else if (!skb->vlan_present) {
    outcome = restore_instead(&frame, outcome);
  }
  count(outcome);
  /* TC_ACT_UNSPEC: other people's filters, if there are any, go on with it. */
  return outcome >= GW_DECAPSULATE_DROP_OUTER_INVALID ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

char licence[] SEC("license") = "Dual BSD/GPL";
