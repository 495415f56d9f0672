/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The outer IP header: is this a tunnel's packet, may its source send one, is the header sound? In that order, so that
 * nothing is dropped for anybody who was not invited. */
#ifndef GUIDEWAY_DECAPSULATE_OUTER_BPF_H
#define GUIDEWAY_DECAPSULATE_OUTER_BPF_H

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "ebpf/decapsulate/frame.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, GW_DECAPSULATE_PREFIXES_MAX);
  __type(key, struct gw_decapsulate_ipv4_prefix);
  __type(value, __u8);
} allowed_ipv4 SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, GW_DECAPSULATE_PREFIXES_MAX);
  __type(key, struct gw_decapsulate_ipv6_prefix);
  __type(value, __u8);
} allowed_ipv6 SEC(".maps");

/* Of a UDP fragment the port may be unknown: with GUE switched on, all of them may be ours. */
GW_INLINE int is_tunnel(const struct frame* frame, const struct tunnel* tunnel, int is_fragment) {
  if (is_tunnel_protocol(tunnel->outer_protocol)) return 1;
  if (tunnel->outer_protocol != PROTOCOL_UDP || settings.gue_port == 0) return 0;
  return is_fragment || is_gue(frame, tunnel->header_offset);
}

/* RFC 1071, over 20 to 60 bytes. */
GW_INLINE int is_checksum_right(const struct frame* frame, struct iphdr* ip) {
  __s64 sum = bpf_csum_diff(0, 0, (__be32*)ip, sizeof(*ip), 0);
  for (__u32 word = 5; word < 15; word++) {
    __be32 option;
    if (word >= ip->ihl) break;
    if (load(frame, ETH_HLEN + word * 4, &option, sizeof(option))) return 0;
    sum = bpf_csum_diff(0, 0, &option, sizeof(option), (__wsum)sum);
  }
  __u64 folded = (__u64)sum;
  folded = (folded & 0xffff) + (folded >> 16);
  folded = (folded & 0xffff) + (folded >> 16);
  return (folded & 0xffff) == 0xffff;
}

GW_INLINE int read_outer_ipv4(const struct frame* frame, struct tunnel* tunnel) {
  struct iphdr ip;
  struct gw_decapsulate_ipv4_prefix source = {.bits = 32};
  if (load(frame, ETH_HLEN, &ip, sizeof(ip))) return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  int is_fragment = (ip.frag_off & bpf_htons(0x3fff)) != 0;
  __u32 header_bytes = ip.ihl * 4u;
  __u32 total_bytes = bpf_ntohs(ip.tot_len);
  tunnel->outer_version = 4;
  tunnel->outer_protocol = ip.protocol;
  tunnel->outer_ecn = ip.tos & 3;
  tunnel->header_offset = ETH_HLEN + header_bytes;
  if (!is_tunnel(frame, tunnel, is_fragment)) return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  __builtin_memcpy(source.address, &ip.saddr, sizeof(source.address));
  if (!bpf_map_lookup_elem(&allowed_ipv4, &source)) return GW_DECAPSULATE_KERNEL_SOURCE;
  if (is_fragment) return GW_DECAPSULATE_KERNEL_FRAGMENT;
  if (ip.version != 4 || header_bytes < sizeof(ip) || total_bytes < header_bytes)
    return GW_DECAPSULATE_DROP_OUTER_INVALID;
  if (ETH_HLEN + total_bytes > frame->bytes) return GW_DECAPSULATE_DROP_OUTER_TRUNCATED;
  if (!is_checksum_right(frame, &ip)) return GW_DECAPSULATE_DROP_OUTER_CHECKSUM;
  tunnel->payload_bytes = total_bytes - header_bytes;
  return UNDECIDED;
}

/* The tunnel has to follow the IPv6 header; behind extension headers it is not looked for. */
GW_INLINE int read_outer_ipv6(const struct frame* frame, struct tunnel* tunnel) {
  struct ipv6hdr ip;
  struct gw_decapsulate_ipv6_prefix source = {.bits = 128};
  if (load(frame, ETH_HLEN, &ip, sizeof(ip))) return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  int is_fragment = ip.nexthdr == PROTOCOL_FRAGMENT;
  __u32 payload_bytes = bpf_ntohs(ip.payload_len);
  tunnel->outer_version = 6;
  tunnel->outer_protocol = ip.nexthdr;
  tunnel->outer_ecn = (ip.flow_lbl[0] >> 4) & 3;
  tunnel->header_offset = ETH_HLEN + sizeof(ip);
  if (is_fragment && load(frame, tunnel->header_offset, &tunnel->outer_protocol, 1))
    return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  if (!is_tunnel(frame, tunnel, is_fragment)) return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  __builtin_memcpy(source.address, &ip.saddr, sizeof(source.address));
  if (!bpf_map_lookup_elem(&allowed_ipv6, &source)) return GW_DECAPSULATE_KERNEL_SOURCE;
  if (is_fragment) return GW_DECAPSULATE_KERNEL_FRAGMENT;
  if (ip.version != 6) return GW_DECAPSULATE_DROP_OUTER_INVALID;
  if (tunnel->header_offset + payload_bytes > frame->bytes) return GW_DECAPSULATE_DROP_OUTER_TRUNCATED;
  tunnel->payload_bytes = payload_bytes;
  return UNDECIDED;
}

GW_INLINE int read_outer(const struct frame* frame, struct tunnel* tunnel) {
  __be16 ethertype;
  if (load(frame, offsetof(struct ethhdr, h_proto), &ethertype, sizeof(ethertype)))
    return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  if (ethertype == bpf_htons(ETH_P_IP)) return read_outer_ipv4(frame, tunnel);
  if (ethertype == bpf_htons(ETH_P_IPV6)) return read_outer_ipv6(frame, tunnel);
  return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
}

#endif
