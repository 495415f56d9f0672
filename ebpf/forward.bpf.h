/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 4 of docs/packet-path.md: hands the packet to its backend, by MAC rewrite or inside another IP header. */
#ifndef GUIDEWAY_FORWARD_BPF_H
#define GUIDEWAY_FORWARD_BPF_H

#include "ebpf/parse.bpf.h"

#define GW_OUTER_HOP_LIMIT 64

GW_INLINE void gw_write_macs(void* frame, const struct gw_backend* backend) {
  __builtin_memcpy(frame, backend->next_hop_mac, 6);
  __builtin_memcpy(frame + 6, backend->source_mac, 6);
}

GW_INLINE int gw_forward_l2(struct xdp_md* context, const struct gw_packet* packet, const struct gw_backend* backend) {
  void* frame = (void*)(long)context->data;
  if (packet->ip_bytes > backend->mtu_bytes) return GW_EXIT_DROP_TOO_BIG;
  if (frame + ETH_HLEN > (void*)(long)context->data_end) return GW_EXIT_DROP_FRAME_TRUNCATED;
  gw_write_macs(frame, backend);
  return GW_EXIT_SENT;
}

GW_INLINE void gw_write_outer_ipv4(struct iphdr* outer, const struct gw_packet* packet,
                                   const struct gw_backend* backend, __u8 traffic_class, __u8 protocol) {
  __u32* words = (__u32*)outer;
  outer->version = 4;
  outer->ihl = 5;
  outer->tos = traffic_class;
  outer->tot_len = bpf_htons((__u16)(packet->ip_bytes + GW_IPV4_HEADER_BYTES));
  outer->id = 0; /* allowed with DF (RFC 6864) */
  outer->frag_off = bpf_htons(0x4000);
  outer->ttl = GW_OUTER_HOP_LIMIT;
  outer->protocol = protocol;
  outer->check = 0;
  __builtin_memcpy(&outer->saddr, backend->outer_source, 4);
  __builtin_memcpy(&outer->daddr, backend->address, 4);
  outer->check = (__u16)~gw_fold((__u64)words[0] + words[1] + words[2] + words[3] + words[4]);
}

GW_INLINE void gw_write_outer_ipv6(void* outer, const struct gw_packet* packet, const struct gw_backend* backend,
                                   __u8 traffic_class, __u8 protocol) {
  struct ipv6hdr* header = outer;
  __u32 flow_label = (__u32)packet->hash & 0xfffff;
  *(__be32*)outer = bpf_htonl(6u << 28 | (__u32)traffic_class << 20 | flow_label);
  header->payload_len = bpf_htons(packet->ip_bytes);
  header->nexthdr = protocol;
  header->hop_limit = GW_OUTER_HOP_LIMIT;
  __builtin_memcpy(&header->saddr, backend->outer_source, 16);
  __builtin_memcpy(&header->daddr, backend->address, 16);
}

/* The inner packet's traffic class, read before the frame moves. */
GW_INLINE int gw_inner_traffic_class(struct xdp_md* context, const struct gw_packet* packet) {
  __u8* inner = (__u8*)(long)context->data + ETH_HLEN;
  if (inner + 2 > (__u8*)(long)context->data_end) return 0;
  if (packet->flow.family == GW_FAMILY_IPV4) return inner[1];
  return (inner[0] & 0x0f) << 4 | inner[1] >> 4;
}

GW_INLINE int gw_forward_ipip(struct xdp_md* context, struct gw_packet* packet, const struct gw_backend* backend) {
  int outer_is_ipv4 = backend->family == GW_FAMILY_IPV4;
  __u32 outer_bytes = outer_is_ipv4 ? GW_IPV4_HEADER_BYTES : GW_IPV6_HEADER_BYTES;
  if (packet->ip_bytes + outer_bytes > backend->mtu_bytes) return GW_EXIT_DROP_TOO_BIG;
  __u8 traffic_class = (__u8)gw_inner_traffic_class(context, packet);
  __u8 protocol = packet->flow.family == GW_FAMILY_IPV4 ? GW_NEXT_IPV4 : GW_NEXT_IPV6;
  if (bpf_xdp_adjust_head(context, -(int)outer_bytes)) return GW_EXIT_DROP_NO_HEADROOM;
  __u32 padding_bytes = packet->frame_bytes - ETH_HLEN - packet->ip_bytes;
  if (padding_bytes != 0 && bpf_xdp_adjust_tail(context, -(int)padding_bytes)) return GW_EXIT_DROP_NO_HEADROOM;

  void* frame = (void*)(long)context->data;
  void* outer = frame + ETH_HLEN;
  void* end = (void*)(long)context->data_end;
  struct ethhdr* ethernet = frame;
  if (outer_is_ipv4) {
    if (outer + GW_IPV4_HEADER_BYTES > end) return GW_EXIT_DROP_NO_HEADROOM;
    gw_write_outer_ipv4(outer, packet, backend, traffic_class, protocol);
    ethernet->h_proto = bpf_htons(ETH_P_IP);
  } else {
    if (outer + GW_IPV6_HEADER_BYTES > end) return GW_EXIT_DROP_NO_HEADROOM;
    gw_write_outer_ipv6(outer, packet, backend, traffic_class, protocol);
    ethernet->h_proto = bpf_htons(ETH_P_IPV6);
  }
  gw_write_macs(frame, backend);
  packet->frame_bytes = ETH_HLEN + outer_bytes + packet->ip_bytes;
  return GW_EXIT_SENT;
}

GW_INLINE int gw_forward(struct xdp_md* context, struct gw_packet* packet, const struct gw_backend* backend) {
  if (!(backend->flags & GW_BACKEND_RESOLVED)) return GW_EXIT_DROP_UNRESOLVED;
  if (backend->forward == GW_FORWARD_L2) return gw_forward_l2(context, packet, backend);
  return gw_forward_ipip(context, packet, backend);
}

#endif
