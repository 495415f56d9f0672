/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 1 of docs/packet-path.md. Lengths are held to what the headers say first; the comparison with the end of the
 * frame behind it is for the verifier, and never true. */
#ifndef GUIDEWAY_PARSE_BPF_H
#define GUIDEWAY_PARSE_BPF_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>

#include "ebpf/abi/limits.h"
#include "ebpf/checksum.bpf.h"

#define GW_ICMP 1
#define GW_TCP 6
#define GW_UDP 17
#define GW_ICMPV6 58
#define GW_TCP_FIN 0x01
#define GW_TCP_SYN 0x02
#define GW_TCP_RST 0x04
#define GW_TCP_ACK 0x10

#define GW_VLAN_TAG_BYTES 4u
#define GW_IPV4_HEADER_BYTES 20u
#define GW_IPV6_HEADER_BYTES 40u

enum gw_next_header {
  GW_NEXT_HOP_BY_HOP = 0,
  GW_NEXT_IPV4 = 4,
  GW_NEXT_IPV6 = 41,
  GW_NEXT_ROUTING = 43,
  GW_NEXT_FRAGMENT = 44,
  GW_NEXT_DESTINATION_OPTIONS = 60,
};

/* Bits of a fragment field, IPv4's and IPv6's. */
enum gw_fragment_bits {
  GW_IPV4_DONT_FRAGMENT = 0x4000,
  GW_IPV4_FRAGMENT = 0x3fff, /* more fragments, or an offset */
  GW_IPV4_OFFSET = 0x1fff,
  GW_IPV6_FRAGMENT = 0xfff9, /* more fragments, an offset, or a reserved bit */
  GW_IPV6_OFFSET = 0xfff8,
};

/* The first bytes of every ICMP and ICMPv6 message. */
struct gw_icmp {
  __u8 type;
  __u8 code;
  __u16 checksum;
  __be32 rest_be32;
};

struct gw_ports {
  __be16 source_be16;
  __be16 destination_be16;
};

/* What names the flow is stored as wide as the hash loads it: a load across two stores stalls the processor. */
GW_INLINE void gw_take_ports(struct gw_packet* packet, const void* l4) {
  *(__u32*)&packet->flow.source_port_be16 = *(const __u32*)l4;
}

GW_INLINE void gw_take_ipv6_addresses(struct gw_packet* packet, const struct ipv6hdr* ip) {
  __u64* source = (__u64*)packet->flow.source;
  __u64* destination = (__u64*)packet->flow.destination;
  const __u64* both = (const __u64*)&ip->saddr;
  source[0] = both[0];
  source[1] = both[1];
  destination[0] = both[2];
  destination[1] = both[3];
}

GW_INLINE int gw_parse_tcp(struct gw_packet* packet, void* at, void* end, __u32 left_bytes) {
  if (left_bytes < 20 || at + 20 > end) return GW_EXIT_DROP_L4_INVALID;
  __u32 header_bytes = (*(__u8*)(at + 12) >> 4) * 4u;
  if (header_bytes < 20 || header_bytes > left_bytes) return GW_EXIT_DROP_L4_INVALID;
  gw_take_ports(packet, at);
  packet->tcp_flags = *(__u8*)(at + 13);
  packet->opens_flow = (packet->tcp_flags & (GW_TCP_SYN | GW_TCP_ACK)) == GW_TCP_SYN;
  return GW_EXIT_SENT;
}

GW_INLINE int gw_parse_udp(struct gw_packet* packet, void* at, void* end, __u32 left_bytes) {
  if (left_bytes < 8 || at + 8 > end) return GW_EXIT_DROP_L4_INVALID;
  __u32 length_bytes = bpf_ntohs(*(__be16*)(at + 4));
  if (length_bytes < 8) return GW_EXIT_DROP_L4_INVALID;
  if (length_bytes > left_bytes && packet->kind == GW_KIND_FLOW) return GW_EXIT_DROP_L4_INVALID;
  gw_take_ports(packet, at);
  packet->opens_flow = 1;
  return GW_EXIT_SENT;
}

GW_INLINE int gw_parse_l4(struct gw_packet* packet, __u8 protocol, void* at, void* end, __u32 left_bytes) {
  packet->flow.protocol = protocol;
  packet->protocol = protocol;
  if (protocol == GW_TCP) return gw_parse_tcp(packet, at, end, left_bytes);
  if (protocol == GW_UDP) return gw_parse_udp(packet, at, end, left_bytes);
  if (protocol != (packet->flow.family == GW_FAMILY_IPV4 ? GW_ICMP : GW_ICMPV6) || packet->kind != GW_KIND_FLOW)
    return GW_EXIT_KERNEL_OTHER_PROTOCOL;
  packet->kind = GW_KIND_ICMP;
  return GW_EXIT_SENT;
}

GW_INLINE int gw_is_walked(__u8 header) {
  return header == GW_NEXT_HOP_BY_HOP || header == GW_NEXT_ROUTING || header == GW_NEXT_DESTINATION_OPTIONS ||
         header == GW_NEXT_FRAGMENT;
}

/* `protocol` is the next header of IPv6, which may be an extension header. */
GW_INLINE int gw_parse_later_fragment(struct gw_packet* packet, __u8 protocol) {
  int is_walked = packet->flow.family == GW_FAMILY_IPV6 && gw_is_walked(protocol);
  packet->kind = GW_KIND_LATER_FRAGMENT;
  packet->flow.protocol = protocol;
  packet->protocol = protocol;
  return protocol == GW_TCP || protocol == GW_UDP || is_walked ? GW_EXIT_SENT : GW_EXIT_KERNEL_OTHER_PROTOCOL;
}

/* Over options too: up to ten words more, each checked against the end of the frame. */
GW_INLINE int gw_ipv4_checksum_holds(void* ip, void* end, __u32 header_bytes) {
  const __u32* words = ip;
  __u64 sum = (__u64)words[0] + words[1] + words[2] + words[3] + words[4];
  for (__u32 offset = GW_IPV4_HEADER_BYTES; offset < 60; offset += 4) {
    if (offset >= header_bytes || ip + offset + 4 > end) break;
    sum += *(__u32*)(ip + offset);
  }
  return gw_fold(sum) == 0xffffu;
}

GW_INLINE int gw_parse_ipv4(struct gw_packet* packet, void* at, void* end, __u32 left_bytes) {
  struct iphdr* ip = at;
  if (at + GW_IPV4_HEADER_BYTES > end) return GW_EXIT_DROP_FRAME_TRUNCATED;
  __u8 version_and_ihl = *(__u8*)at;
  __u32 header_bytes = (version_and_ihl & 0x0fu) * 4;
  __u32 total_bytes = bpf_ntohs(ip->tot_len);
  if (version_and_ihl >> 4 != 4 || header_bytes < GW_IPV4_HEADER_BYTES || total_bytes < header_bytes)
    return GW_EXIT_DROP_IP_HEADER_INVALID;
  if (total_bytes > left_bytes) return GW_EXIT_DROP_FRAME_TRUNCATED;
  if (!gw_ipv4_checksum_holds(at, end, header_bytes)) return GW_EXIT_DROP_IP_CHECKSUM;

  packet->ip_bytes = (__u16)total_bytes;
  packet->flow.family = GW_FAMILY_IPV4;
  *(__u32*)packet->flow.source = ip->saddr;
  *(__u32*)packet->flow.destination = ip->daddr;
  packet->l4_offset = (__u16)(packet->ip_offset + header_bytes);
  if ((ip->frag_off & bpf_htons(GW_IPV4_FRAGMENT)) != 0) {
    packet->identification = ip->id;
    packet->kind = GW_KIND_FIRST_FRAGMENT;
    if ((ip->frag_off & bpf_htons(GW_IPV4_OFFSET)) != 0) return gw_parse_later_fragment(packet, ip->protocol);
  }
  return gw_parse_l4(packet, ip->protocol, at + header_bytes, end, total_bytes - header_bytes);
}

/* Walks the extension headers behind `at` up to the L4 header and parses that. */
GW_INLINE int gw_parse_ipv6_payload(struct gw_packet* packet, __u8 header, void* at, void* end, __u32 left_bytes) {
  __u32 offset = 0;
  for (__u32 walked = 0; gw_is_walked(header); ++walked) {
    if (walked == GW_EXTENSION_HEADERS_MAX) return GW_EXIT_DROP_EXTENSION_HEADERS;
    /* Eight headers of at most 2048 bytes: the mask takes nothing away, it tells the verifier. */
    offset &= 0x7fff;
    void* here = at + offset;
    if (left_bytes < 8 || here + 8 > end) return GW_EXIT_DROP_IP_HEADER_INVALID;
    __u32 bytes = (*(__u8*)(here + 1) + 1u) * 8;
    if (header == GW_NEXT_FRAGMENT) {
      bytes = 8;
      __be16 field_be16 = *(__be16*)(here + 2);
      if ((field_be16 & bpf_htons(GW_IPV6_FRAGMENT)) != 0) {
        if (packet->kind != GW_KIND_FLOW) return GW_EXIT_DROP_IP_HEADER_INVALID;
        packet->identification = *(__u32*)(here + 4);
        packet->kind = GW_KIND_FIRST_FRAGMENT;
        if ((field_be16 & bpf_htons(GW_IPV6_OFFSET)) != 0) return gw_parse_later_fragment(packet, *(__u8*)here);
      }
    }
    if (bytes > left_bytes) return GW_EXIT_DROP_IP_HEADER_INVALID;
    header = *(__u8*)here;
    offset += bytes;
    left_bytes -= bytes;
  }
  packet->l4_offset = (__u16)(packet->ip_offset + GW_IPV6_HEADER_BYTES + offset);
  return gw_parse_l4(packet, header, at + (offset & 0x7fff), end, left_bytes);
}

GW_INLINE int gw_parse_ipv6(struct gw_packet* packet, void* at, void* end, __u32 left_bytes) {
  struct ipv6hdr* ip = at;
  if (at + GW_IPV6_HEADER_BYTES > end) return GW_EXIT_DROP_FRAME_TRUNCATED;
  if (*(__u8*)at >> 4 != 6) return GW_EXIT_DROP_IP_HEADER_INVALID;
  __u32 payload_bytes = bpf_ntohs(ip->payload_len);
  __u32 total_bytes = GW_IPV6_HEADER_BYTES + payload_bytes;
  if (total_bytes > left_bytes) return GW_EXIT_DROP_FRAME_TRUNCATED;
  if (total_bytes > 0xffff) return GW_EXIT_DROP_IP_HEADER_INVALID;

  packet->ip_bytes = (__u16)total_bytes;
  packet->flow.family = GW_FAMILY_IPV6;
  gw_take_ipv6_addresses(packet, ip);
  return gw_parse_ipv6_payload(packet, ip->nexthdr, at + GW_IPV6_HEADER_BYTES, end, payload_bytes);
}

/* A global function: verified once, by itself. Whatever it found, those who go on from here are verified once too. */
__noinline int gw_parse_anything(struct xdp_md* context, struct gw_packet* packet) {
  if (!packet) return GW_EXIT_DROP_FRAME_TRUNCATED;
  void* at = (void*)(long)context->data;
  void* end = (void*)(long)context->data_end;
  struct ethhdr* ethernet = at;
  packet->received_bytes = (__u32)(end - at);
  packet->frame_bytes = packet->received_bytes;
  if (at + ETH_HLEN > end) return GW_EXIT_DROP_FRAME_TRUNCATED;
  __be16 type_be16 = ethernet->h_proto;
  at += ETH_HLEN;
  packet->ip_offset = ETH_HLEN;
  if (type_be16 == bpf_htons(ETH_P_8021Q)) {
    if (at + GW_VLAN_TAG_BYTES > end) return GW_EXIT_DROP_FRAME_TRUNCATED;
    packet->tag_be16 = *(__be16*)at;
    type_be16 = *(__be16*)(at + 2);
    at += GW_VLAN_TAG_BYTES;
    packet->ip_offset = ETH_HLEN + GW_VLAN_TAG_BYTES;
  }
  __u32 left_bytes = packet->frame_bytes - packet->ip_offset;
  if (type_be16 == bpf_htons(ETH_P_IP)) return gw_parse_ipv4(packet, at, end, left_bytes);
  if (type_be16 == bpf_htons(ETH_P_IPV6)) return gw_parse_ipv6(packet, at, end, left_bytes);
  return GW_EXIT_KERNEL_NOT_IP;
}

GW_INLINE int gw_is_plain_ipv4(const struct iphdr* ip) {
  return *(__u8*)ip == 0x45 && !(ip->frag_off & bpf_htons(GW_IPV4_FRAGMENT)) &&
         (ip->protocol == GW_TCP || ip->protocol == GW_UDP);
}

/* Nearly every packet has neither a tag, nor options, nor extension headers, and is no fragment: it is parsed in place.
 * There the verifier has few ways to follow. */
GW_INLINE int gw_parse(struct xdp_md* context, struct gw_packet* packet) {
  void* at = (void*)(long)context->data;
  void* end = (void*)(long)context->data_end;
  struct ethhdr* ethernet = at;
  packet->received_bytes = (__u32)(end - at);
  packet->frame_bytes = packet->received_bytes;
  packet->ip_offset = ETH_HLEN;
  if (at + ETH_HLEN + GW_IPV4_HEADER_BYTES > end) return gw_parse_anything(context, packet);
  __u32 left_bytes = packet->frame_bytes - ETH_HLEN;
  if (ethernet->h_proto == bpf_htons(ETH_P_IP) && gw_is_plain_ipv4(at + ETH_HLEN))
    return gw_parse_ipv4(packet, at + ETH_HLEN, end, left_bytes);
  __u8 header = *(__u8*)(at + ETH_HLEN + __builtin_offsetof(struct ipv6hdr, nexthdr));
  if (ethernet->h_proto == bpf_htons(ETH_P_IPV6) && (header == GW_TCP || header == GW_UDP))
    return gw_parse_ipv6(packet, at + ETH_HLEN, end, left_bytes);
  return gw_parse_anything(context, packet);
}

#endif
