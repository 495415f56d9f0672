/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 4 of docs/packet-path.md: the two modes that change the packet itself. l3dsr: destination, DSCP and the
 * checksums that cover them; and the MSS that a SYN announces. */
#ifndef GUIDEWAY_REWRITE_BPF_H
#define GUIDEWAY_REWRITE_BPF_H

#include "ebpf/tunnel.bpf.h"

#define GW_TCP_CHECKSUM_AT 16u
#define GW_UDP_CHECKSUM_AT 6u
#define GW_ICMP_CHECKSUM_AT 2u
#define GW_ECN_BITS 3u

/* The place of the checksum that covers the destination, from the beginning of the frame; 0 if there is none. */
GW_INLINE __u32 gw_l4_checksum_at(const struct gw_packet* packet) {
  if (packet->kind == GW_KIND_LATER_FRAGMENT) return 0;
  if (packet->protocol == GW_TCP) return packet->l4_offset + GW_TCP_CHECKSUM_AT;
  if (packet->protocol == GW_UDP) return packet->l4_offset + GW_UDP_CHECKSUM_AT;
  return packet->protocol == GW_ICMPV6 ? packet->l4_offset + GW_ICMP_CHECKSUM_AT : 0;
}

GW_INLINE void gw_update_l4_checksum(struct xdp_md* context, const struct gw_packet* packet, __u64 before,
                                     __u64 after) {
  __u32 offset = gw_l4_checksum_at(packet);
  __u16 checksum = 0;
  if (offset == 0 || bpf_xdp_load_bytes(context, offset, &checksum, sizeof checksum)) return;
  int is_udp = packet->protocol == GW_UDP;
  if (is_udp && checksum == 0) return;
  checksum = gw_updated_checksum(checksum, before, after);
  if (is_udp && checksum == 0) checksum = 0xffff;
  bpf_xdp_store_bytes(context, offset, &checksum, sizeof checksum);
}

GW_INLINE void gw_rewrite_ipv4(struct xdp_md* context, const struct gw_packet* packet,
                               const struct gw_backend* backend) {
  struct iphdr* ip = (void*)(long)context->data + (packet->ip_offset & 31);
  if ((void*)(ip + 1) > (void*)(long)context->data_end) return;
  __u32 new_address = *(const __u32*)backend->address;
  __u64 before = *(__u16*)ip;
  __u32 old_address = ip->daddr;
  ip->tos = (__u8)(packet->dscp << 2 | (ip->tos & GW_ECN_BITS));
  ip->daddr = new_address;
  ip->check = gw_updated_checksum(ip->check, before + old_address, (__u64) * (__u16*)ip + new_address);
  gw_update_l4_checksum(context, packet, old_address, new_address);
}

GW_INLINE void gw_rewrite_ipv6(struct xdp_md* context, const struct gw_packet* packet,
                               const struct gw_backend* backend) {
  void* ip = (void*)(long)context->data + (packet->ip_offset & 31);
  if (ip + GW_IPV6_HEADER_BYTES > (void*)(long)context->data_end) return;
  __u32* destination = ip + 24;
  __u64 before = gw_sum_of_words(destination, 4);
  __u64 after = gw_sum_of_words((const __u32*)backend->address, 4);
  __u8* bytes = ip;
  __u8 traffic_class = (__u8)(packet->dscp << 2 | (bytes[1] >> 4 & GW_ECN_BITS));
  bytes[0] = (__u8)(0x60 | traffic_class >> 4);
  bytes[1] = (__u8)(traffic_class << 4 | (bytes[1] & 0x0f));
  __builtin_memcpy(destination, backend->address, 16);
  gw_update_l4_checksum(context, packet, before, after);
}

/* l3dsr, but for the Ethernet header. */
__noinline int gw_rewrite_for_l3dsr(struct xdp_md* context, struct gw_packet* packet,
                                    const struct gw_backend* backend) {
  if (!packet || !backend) return 0;
  if (packet->flow.family == GW_FAMILY_IPV4)
    gw_rewrite_ipv4(context, packet, backend);
  else
    gw_rewrite_ipv6(context, packet, backend);
  return 0;
}

/* A TCP header in the scratch room, looked through for its MSS. */
struct gw_options {
  __u32 at;
  __u32 header_bytes;
  __u32 mss_at; /* of the value; 0 if not found */
};

static long gw_next_option(__u32 index, void* context) {
  struct gw_options* options = context;
  struct gw_xdp_scratch* room = gw_scratch();
  (void)index;
  __u32 at = options->at;
  if (!room || at >= options->header_bytes || at > 63) return 1;
  __u8 kind = room->bytes[at & 63];
  if (kind == 0) return 1;
  if (kind == 1) {
    options->at = at + 1;
    return 0;
  }
  __u8 length_bytes = room->bytes[(at + 1) & 127];
  if (at + 2 > options->header_bytes || length_bytes < 2 || at + length_bytes > options->header_bytes) return 1;
  if (kind == 2 && length_bytes == 4) {
    options->mss_at = at + 2;
    return 1;
  }
  options->at = at + length_bytes;
  return 0;
}

/* An MSS at an odd place lies across two words of the checksum. */
GW_INLINE __u32 gw_as_summed(__u16 value_be16, __u32 offset) {
  return offset & 1 ? (__u16)(value_be16 << 8 | value_be16 >> 8) : value_be16;
}

/* Lowers the MSS that the SYN announces to `mss_max`, if it is above that. */
__noinline int gw_clamp_mss(struct xdp_md* context, struct gw_packet* packet, __u32 mss_max) {
  struct gw_xdp_scratch* room = gw_scratch();
  if (!packet || !room) return 0;
  __u32 l4_offset = packet->l4_offset;
  __u32 left_bytes = (__u32)packet->ip_offset + packet->ip_bytes - l4_offset;
  if (left_bytes > 60) left_bytes = 60;
  if (left_bytes < 20 || bpf_xdp_load_bytes(context, l4_offset, room->bytes, left_bytes)) return 0;
  struct gw_options options = {.at = 20, .header_bytes = (room->bytes[12] >> 4) * 4u};
  bpf_loop(40, gw_next_option, &options, 0);
  if (options.mss_at == 0 || options.mss_at > 58) return 0;
  __u16 old_be16 = 0;
  if (bpf_xdp_load_bytes(context, l4_offset + options.mss_at, &old_be16, sizeof old_be16)) return 0;
  if (bpf_ntohs(old_be16) <= mss_max) return 0;
  __be16 new_be16 = bpf_htons((__u16)mss_max);
  __u16 checksum = *(__u16*)(room->bytes + GW_TCP_CHECKSUM_AT);
  checksum =
      gw_updated_checksum(checksum, gw_as_summed(old_be16, options.mss_at), gw_as_summed(new_be16, options.mss_at));
  bpf_xdp_store_bytes(context, l4_offset + options.mss_at, &new_be16, sizeof new_be16);
  bpf_xdp_store_bytes(context, l4_offset + GW_TCP_CHECKSUM_AT, &checksum, sizeof checksum);
  return 0;
}

#endif
