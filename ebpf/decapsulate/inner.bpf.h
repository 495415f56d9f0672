/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The inner packet: whole, not itself a tunnel, and with the congestion mark that RFC 6040 wants. Its checksums are the
 * kernel's business. */
#ifndef GUIDEWAY_DECAPSULATE_INNER_BPF_H
#define GUIDEWAY_DECAPSULATE_INNER_BPF_H

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "ebpf/abi/limits.h"
#include "ebpf/decapsulate/frame.bpf.h"

#define ECN_NOT_ECT 0
#define ECN_ECT_1 1
#define ECN_ECT_0 2
#define ECN_CE 3

GW_INLINE int is_double(const struct frame* frame, __u8 protocol, __u32 offset, int is_later_fragment) {
  if (is_tunnel_protocol(protocol)) return 1;
  return protocol == PROTOCOL_UDP && !is_later_fragment && is_gue(frame, offset);
}

GW_INLINE int read_inner_ipv4(const struct frame* frame, struct tunnel* tunnel) {
  struct iphdr ip;
  if (tunnel->inner_bytes < sizeof(ip) || load(frame, tunnel->inner_offset, &ip, sizeof(ip)))
    return GW_DECAPSULATE_DROP_INNER_TRUNCATED;
  __u32 header_bytes = ip.ihl * 4u;
  __u32 total_bytes = bpf_ntohs(ip.tot_len);
  if (ip.version != 4 || header_bytes < sizeof(ip) || total_bytes < header_bytes)
    return GW_DECAPSULATE_DROP_INNER_INVALID;
  if (total_bytes > tunnel->inner_bytes) return GW_DECAPSULATE_DROP_INNER_TRUNCATED;
  int is_later_fragment = (ip.frag_off & bpf_htons(0x1fff)) != 0;
  if (is_double(frame, ip.protocol, tunnel->inner_offset + header_bytes, is_later_fragment))
    return GW_DECAPSULATE_DROP_DOUBLE_TUNNEL;
  tunnel->inner_ecn = ip.tos & 3;
  tunnel->inner_checksum = ip.check;
  __builtin_memcpy(&tunnel->inner_first_word, &ip, sizeof(tunnel->inner_first_word));
  return UNDECIDED;
}

/* A tunnel may hide behind extension headers. A chain that no sound packet has is refused; one that ends early is the
 * kernel's to complain about. */
GW_INLINE int read_extension_headers(const struct frame* frame, const struct tunnel* tunnel, __u8 protocol) {
  __u32 offset = tunnel->inner_offset + sizeof(struct ipv6hdr);
  int is_later_fragment = 0;
  for (int walked = 0; walked <= (int)GW_EXTENSION_HEADERS_MAX; walked++) {
    __u8 header[4];
    if (protocol != 0 && protocol != 43 && protocol != 60 && protocol != PROTOCOL_FRAGMENT)
      return is_double(frame, protocol, offset, is_later_fragment) ? GW_DECAPSULATE_DROP_DOUBLE_TUNNEL : UNDECIDED;
    if (is_later_fragment) return UNDECIDED;
    if (load(frame, offset, header, sizeof(header))) return UNDECIDED;
    if (protocol == PROTOCOL_FRAGMENT) is_later_fragment = header[2] != 0 || (header[3] & 0xf8) != 0;
    offset += protocol == PROTOCOL_FRAGMENT ? 8 : 8 + header[1] * 8u;
    protocol = header[0];
  }
  return GW_DECAPSULATE_DROP_INNER_INVALID;
}

GW_INLINE int read_inner_ipv6(const struct frame* frame, struct tunnel* tunnel) {
  struct ipv6hdr ip;
  if (tunnel->inner_bytes < sizeof(ip) || load(frame, tunnel->inner_offset, &ip, sizeof(ip)))
    return GW_DECAPSULATE_DROP_INNER_TRUNCATED;
  if (ip.version != 6) return GW_DECAPSULATE_DROP_INNER_INVALID;
  if (sizeof(ip) + bpf_ntohs(ip.payload_len) > tunnel->inner_bytes) return GW_DECAPSULATE_DROP_INNER_TRUNCATED;
  tunnel->inner_ecn = (ip.flow_lbl[0] >> 4) & 3;
  __builtin_memcpy(&tunnel->inner_first_word, &ip, sizeof(tunnel->inner_first_word));
  return read_extension_headers(frame, tunnel, ip.nexthdr);
}

/* RFC 6040, figure 4. */
GW_INLINE int read_inner(const struct frame* frame, struct tunnel* tunnel) {
  int outcome = tunnel->inner_version == 4 ? read_inner_ipv4(frame, tunnel) : read_inner_ipv6(frame, tunnel);
  if (outcome != UNDECIDED) return outcome;
  tunnel->new_ecn = tunnel->inner_ecn;
  if (tunnel->outer_ecn == ECN_CE) {
    if (tunnel->inner_ecn == ECN_NOT_ECT) return GW_DECAPSULATE_DROP_ECN;
    tunnel->new_ecn = ECN_CE;
  } else if (tunnel->outer_ecn == ECN_ECT_1 && tunnel->inner_ecn == ECN_ECT_0) {
    tunnel->new_ecn = ECN_ECT_1;
  }
  return UNDECIDED;
}

/* Covered by a checksum that a NIC may have taken: tc is told to correct it. */
GW_INLINE long store_inner(const struct frame* frame, __u32 offset, const void* from, __u32 bytes) {
  return frame->is_xdp ? bpf_xdp_store_bytes(frame->context, ETH_HLEN + offset, (void*)from, bytes)
                       : bpf_skb_store_bytes(frame->context, ETH_HLEN + offset, from, bytes, BPF_F_RECOMPUTE_CSUM);
}

/* Once the inner packet stands behind the Ethernet header. The IPv4 checksum follows by RFC 1624: a wrong one stays
 * wrong. */
GW_INLINE int set_ecn(const struct frame* frame, const struct tunnel* tunnel) {
  if (tunnel->new_ecn == tunnel->inner_ecn) return 0;
  __u16 old_word = bpf_ntohs(tunnel->inner_first_word);
  __u32 shift = tunnel->inner_version == 4 ? 0 : 4;
  __u16 new_word = (__u16)((old_word & ~(3u << shift)) | ((__u32)tunnel->new_ecn << shift));
  __be16 stored = bpf_htons(new_word);
  if (store_inner(frame, 0, &stored, sizeof(stored))) return -1;
  if (tunnel->inner_version == 6) return 0;
  __u32 sum = (__u16)~bpf_ntohs(tunnel->inner_checksum) + (__u16)~old_word + (__u32)new_word;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  __be16 checksum = bpf_htons((__u16)~sum);
  return store_inner(frame, offsetof(struct iphdr, check), &checksum, sizeof(checksum)) ? -1 : 0;
}

#endif
