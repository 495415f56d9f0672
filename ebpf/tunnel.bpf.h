/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 4 of docs/packet-path.md: the headers that go in front of a packet, from the frame's first byte on. */
#ifndef GUIDEWAY_TUNNEL_BPF_H
#define GUIDEWAY_TUNNEL_BPF_H

#include "ebpf/parse.bpf.h"

#define GW_OUTER_HOP_LIMIT 64
#define GW_GRE 47
#define GW_GRE_HAS_KEY 0x2000
#define GW_UDP_BYTES 8u
#define GW_GUE_BYTES 4u
#define GW_GRE_BYTES 4u
#define GW_GRE_KEY_BYTES 4u

GW_INLINE int gw_is_tunnel(__u8 forward) { return forward != GW_FORWARD_L2 && forward != GW_FORWARD_L3DSR; }

/* What stands between the outer IP header and the packet. */
GW_INLINE __u32 gw_tunnel_bytes(const struct gw_backend* backend) {
  if (backend->forward == GW_FORWARD_GUE) return GW_UDP_BYTES + GW_GUE_BYTES;
  if (backend->forward == GW_FORWARD_GUE_DIRECT) return GW_UDP_BYTES;
  if (backend->forward != GW_FORWARD_GRE) return 0;
  return backend->flags & GW_BACKEND_HAS_KEY ? GW_GRE_BYTES + GW_GRE_KEY_BYTES : GW_GRE_BYTES;
}

/* What the mode puts in front of an IP packet. */
GW_INLINE __u32 gw_overhead(const struct gw_backend* backend) {
  if (!gw_is_tunnel(backend->forward)) return 0;
  return (backend->family == GW_FAMILY_IPV4 ? GW_IPV4_HEADER_BYTES : GW_IPV6_HEADER_BYTES) + gw_tunnel_bytes(backend);
}

/* The largest packet that fits; 0 if none does. */
GW_INLINE __u32 gw_fitting_bytes(const struct gw_backend* backend) {
  __u32 overhead = gw_overhead(backend);
  return backend->mtu_bytes > overhead ? backend->mtu_bytes - overhead : 0;
}

GW_INLINE __u32 gw_ethernet_bytes(const struct gw_backend* backend) {
  return backend->vlan ? ETH_HLEN + GW_VLAN_TAG_BYTES : ETH_HLEN;
}

/* Addresses, a tag if the backend has one, EtherType. False, for the verifier alone, if the frame has no room. */
GW_INLINE int gw_write_ethernet(void* frame, void* end, const struct gw_packet* packet,
                                const struct gw_backend* backend, int is_ipv4) {
  struct ethhdr* ethernet = frame;
  __be16 type_be16 = is_ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
  if (frame + ETH_HLEN + GW_VLAN_TAG_BYTES > end) return 0;
  __builtin_memcpy(ethernet->h_dest, backend->next_hop_mac, 6);
  __builtin_memcpy(ethernet->h_source, backend->source_mac, 6);
  if (!backend->vlan) {
    ethernet->h_proto = type_be16;
    return 1;
  }
  ethernet->h_proto = bpf_htons(ETH_P_8021Q);
  *(__be16*)(frame + ETH_HLEN) = (packet->tag_be16 & bpf_htons(0xf000)) | bpf_htons(backend->vlan);
  *(__be16*)(frame + ETH_HLEN + 2) = type_be16;
  return 1;
}

GW_INLINE __u32 gw_outer_source_ipv4(const struct gw_packet* packet, const struct gw_backend* backend) {
  __u32 source = *(const __u32*)backend->outer_source;
  if (backend->outer_source_bits >= 32) return source;
  return source | bpf_htonl((__u32)(packet->hash >> 32) & (0xffffffffu >> backend->outer_source_bits));
}

GW_INLINE void gw_write_outer_ipv4(struct iphdr* outer, const struct gw_packet* packet,
                                   const struct gw_backend* backend, __u8 traffic_class, __u8 protocol) {
  __u32* words = (__u32*)outer;
  outer->version = 4;
  outer->ihl = 5;
  outer->tos = traffic_class;
  outer->tot_len = bpf_htons((__u16)(packet->ip_bytes + gw_overhead(backend)));
  outer->id = 0; /* allowed with DF (RFC 6864) */
  outer->frag_off = bpf_htons(GW_IPV4_DONT_FRAGMENT);
  outer->ttl = GW_OUTER_HOP_LIMIT;
  outer->protocol = protocol;
  outer->check = 0;
  outer->saddr = gw_outer_source_ipv4(packet, backend);
  __builtin_memcpy(&outer->daddr, backend->address, 4);
  outer->check = gw_checksum_of((__u64)words[0] + words[1] + words[2] + words[3] + words[4]);
}

GW_INLINE void gw_write_outer_ipv6(void* outer, const struct gw_packet* packet, const struct gw_backend* backend,
                                   __u8 traffic_class, __u8 protocol) {
  struct ipv6hdr* header = outer;
  __u32 flow_label = (__u32)packet->hash & 0xfffff;
  *(__be32*)outer = bpf_htonl(6u << 28 | (__u32)traffic_class << 20 | flow_label);
  header->payload_len = bpf_htons((__u16)(packet->ip_bytes + gw_tunnel_bytes(backend)));
  header->nexthdr = protocol;
  header->hop_limit = GW_OUTER_HOP_LIMIT;
  __builtin_memcpy(&header->saddr, backend->outer_source, 16);
  if (backend->outer_source_bits < 128) {
    /* At least 64 bits are fixed. */
    __u64 of_flow = backend->outer_source_bits <= 64 ? ~0ull : ~0ull >> (backend->outer_source_bits - 64);
    ((__u32*)&header->saddr)[2] |= bpf_htonl((__u32)((packet->hash & of_flow) >> 32));
    ((__u32*)&header->saddr)[3] |= bpf_htonl((__u32)(packet->hash & of_flow));
  }
  __builtin_memcpy(&header->daddr, backend->address, 16);
}

GW_INLINE void gw_write_udp(__be16* udp, const struct gw_packet* packet, const struct gw_backend* backend) {
  udp[0] = bpf_htons((__u16)(0xc000 | (packet->hash & 0x3fff)));
  udp[1] = bpf_htons((__u16)backend->tunnel_id);
  udp[2] = bpf_htons((__u16)(packet->ip_bytes + gw_tunnel_bytes(backend)));
  udp[3] = 0;
}

/* What stands at `at`, behind the outer IP header. False, for the verifier alone, if the frame has no room. */
GW_INLINE int gw_write_tunnel(void* at, void* end, const struct gw_packet* packet, const struct gw_backend* backend) {
  int is_ipv4 = packet->flow.family == GW_FAMILY_IPV4;
  if (at + GW_UDP_BYTES + GW_GUE_BYTES > end) return 0;
  if (backend->forward == GW_FORWARD_GRE) {
    int has_key = backend->flags & GW_BACKEND_HAS_KEY;
    *(__be16*)at = has_key ? bpf_htons(GW_GRE_HAS_KEY) : 0;
    *(__be16*)(at + 2) = is_ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
    if (has_key) *(__be32*)(at + GW_GRE_BYTES) = bpf_htonl(backend->tunnel_id);
    return 1;
  }
  gw_write_udp(at, packet, backend);
  if (backend->forward == GW_FORWARD_GUE)
    *(__be32*)(at + GW_UDP_BYTES) = bpf_htonl(is_ipv4 ? GW_NEXT_IPV4 << 16 : GW_NEXT_IPV6 << 16);
  return 1;
}

/* The inner packet's traffic class, read before the frame moves. */
GW_INLINE __u8 gw_inner_traffic_class(struct xdp_md* context, const struct gw_packet* packet) {
  __u8* inner = (__u8*)(long)context->data + (packet->ip_offset & 31);
  if (inner + 2 > (__u8*)(long)context->data_end) return 0;
  if (packet->flow.family == GW_FAMILY_IPV4) return inner[1];
  return (__u8)((inner[0] & 0x0f) << 4 | inner[1] >> 4);
}

GW_INLINE __u8 gw_outer_protocol(const struct gw_packet* packet, const struct gw_backend* backend) {
  if (backend->forward == GW_FORWARD_GRE) return GW_GRE;
  if (backend->forward == GW_FORWARD_GUE || backend->forward == GW_FORWARD_GUE_DIRECT) return GW_UDP;
  return packet->flow.family == GW_FAMILY_IPV4 ? GW_NEXT_IPV4 : GW_NEXT_IPV6;
}

/* Makes room in front of the packet, and cuts off what is behind it. */
GW_INLINE int gw_make_room(struct xdp_md* context, struct gw_packet* packet, __u32 bytes_in_front) {
  __u32 padding_bytes = packet->frame_bytes - packet->ip_offset - packet->ip_bytes;
  if (bpf_xdp_adjust_head(context, (int)packet->ip_offset - (int)bytes_in_front)) return 0;
  if (padding_bytes != 0 && bpf_xdp_adjust_tail(context, -(int)padding_bytes)) return 0;
  packet->frame_bytes = bytes_in_front + packet->ip_bytes;
  return 1;
}

/* Nearly every tunnelled packet: untagged on both sides, IPIP or GUE over IPv4, nothing behind the IP packet. */
GW_INLINE int gw_is_plain_tunnel(const struct gw_packet* packet, const struct gw_backend* backend) {
  return (backend->forward == GW_FORWARD_IPIP || backend->forward == GW_FORWARD_GUE) &&
         backend->family == GW_FAMILY_IPV4 && backend->vlan == 0 && packet->ip_offset == ETH_HLEN &&
         packet->frame_bytes == (__u32)packet->ip_bytes + ETH_HLEN;
}

/* The Ethernet header and the outer IPv4 header, in words as wide as there are. */
GW_INLINE void gw_write_plain_headers(void* frame, const struct gw_packet* packet, const struct gw_backend* backend,
                                      __u8 traffic_class, __u32 overhead_bytes) {
  const __u8* macs = backend->next_hop_mac; /* the source's stands behind it, as in the frame */
  __u64 addresses = gw_outer_source_ipv4(packet, backend) | (__u64) * (const __u32*)backend->address << 32;
  __u32 total_be16 = bpf_htons((__u16)(packet->ip_bytes + overhead_bytes));
  __u64 first = 0x45u | (__u32)traffic_class << 8 | total_be16 << 16;
  __u64 second = GW_OUTER_HOP_LIMIT | (__u32)gw_outer_protocol(packet, backend) << 8;
  __u64 fragment_field = bpf_htons(GW_IPV4_DONT_FRAGMENT);
  __u64 sum = first + (fragment_field << 16) + second + (__u32)addresses + (addresses >> 32);
  second |= (__u64)gw_checksum_of(sum) << 16;
  *(__u64*)frame = *(const __u64*)macs;
  *(__u32*)(frame + 8) = *(const __u32*)(macs + 8);
  *(__u16*)(frame + 12) = bpf_htons(ETH_P_IP);
  *(__u64*)(frame + 14) = first | fragment_field << 48;
  *(__u32*)(frame + 22) = (__u32)second;
  *(__u64*)(frame + 26) = addresses;
}

/* The same as gw_encapsulate() for a plain tunnel, in place. */
GW_INLINE int gw_encapsulate_plainly(struct xdp_md* context, struct gw_packet* packet,
                                     const struct gw_backend* backend) {
  __u8 traffic_class = gw_inner_traffic_class(context, packet);
  int is_gue = backend->forward == GW_FORWARD_GUE;
  __u32 overhead_bytes = is_gue ? GW_IPV4_HEADER_BYTES + GW_UDP_BYTES + GW_GUE_BYTES : GW_IPV4_HEADER_BYTES;
  if (bpf_xdp_adjust_head(context, -(int)overhead_bytes)) return GW_EXIT_DROP_NO_HEADROOM;
  packet->frame_bytes += overhead_bytes;
  void* frame = (void*)(long)context->data;
  void* at = frame + ETH_HLEN + GW_IPV4_HEADER_BYTES;
  if (at + GW_UDP_BYTES + GW_GUE_BYTES > (void*)(long)context->data_end) return GW_EXIT_DROP_NO_HEADROOM;
  gw_write_plain_headers(frame, packet, backend, traffic_class, overhead_bytes);
  if (!is_gue) return GW_EXIT_SENT;
  gw_write_udp(at, packet, backend);
  *(__be32*)(at + GW_UDP_BYTES) =
      bpf_htonl(packet->flow.family == GW_FAMILY_IPV4 ? GW_NEXT_IPV4 << 16 : GW_NEXT_IPV6 << 16);
  return GW_EXIT_SENT;
}

/* The whole of a tunnel mode; the packet fits. */
__noinline int gw_encapsulate(struct xdp_md* context, struct gw_packet* packet, const struct gw_backend* backend) {
  if (!packet || !backend) return GW_EXIT_DROP_UNRESOLVED;
  __u8 traffic_class = gw_inner_traffic_class(context, packet);
  if (!gw_make_room(context, packet, gw_ethernet_bytes(backend) + gw_overhead(backend)))
    return GW_EXIT_DROP_NO_HEADROOM;
  int outer_is_ipv4 = backend->family == GW_FAMILY_IPV4;
  void* frame = (void*)(long)context->data;
  void* end = (void*)(long)context->data_end;
  void* outer = frame + (gw_ethernet_bytes(backend) & 31);
  __u8 protocol = gw_outer_protocol(packet, backend);
  if (!gw_write_ethernet(frame, end, packet, backend, outer_is_ipv4)) return GW_EXIT_DROP_NO_HEADROOM;
  if (outer_is_ipv4) {
    if (outer + GW_IPV4_HEADER_BYTES > end) return GW_EXIT_DROP_NO_HEADROOM;
    gw_write_outer_ipv4(outer, packet, backend, traffic_class, protocol);
  } else {
    if (outer + GW_IPV6_HEADER_BYTES > end) return GW_EXIT_DROP_NO_HEADROOM;
    gw_write_outer_ipv6(outer, packet, backend, traffic_class, protocol);
  }
  if (backend->forward == GW_FORWARD_IPIP) return GW_EXIT_SENT;
  void* at = outer + (outer_is_ipv4 ? GW_IPV4_HEADER_BYTES : GW_IPV6_HEADER_BYTES);
  return gw_write_tunnel(at, end, packet, backend) ? GW_EXIT_SENT : GW_EXIT_DROP_NO_HEADROOM;
}

#endif
