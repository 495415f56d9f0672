/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What stands between the outer and the inner IP header: nothing (ipip), GRE (RFC 2784, with the key of RFC 2890), or
 * UDP and GUE of variant 0 or 1, as Linux sends them. An option that is not understood is never skipped. */
#ifndef GUIDEWAY_DECAPSULATE_TUNNEL_BPF_H
#define GUIDEWAY_DECAPSULATE_TUNNEL_BPF_H

#include <linux/udp.h>

#include "ebpf/decapsulate/frame.bpf.h"

#define GRE_KEY 0x2000
#define GRE_VERSION 0x0007
#define GUE_CONTROL 0x20
#define GUE_WORDS 0x1f

GW_INLINE void found_inner(struct tunnel* tunnel, __u8 version, __u32 header_bytes) {
  tunnel->inner_version = version;
  tunnel->inner_offset = tunnel->header_offset + header_bytes;
  tunnel->inner_bytes = tunnel->payload_bytes - header_bytes;
}

GW_INLINE int read_gre(const struct frame* frame, struct tunnel* tunnel) {
  __be16 header[2];
  __be32 key = 0;
  __u32 header_bytes = sizeof(header);
  tunnel->outcome = GW_DECAPSULATED_GRE;
  if (tunnel->payload_bytes < header_bytes || load(frame, tunnel->header_offset, header, sizeof(header)))
    return GW_DECAPSULATE_DROP_TUNNEL_HEADER;
  __u16 flags = bpf_ntohs(header[0]);
  int is_ip = header[1] == bpf_htons(ETH_P_IP) || header[1] == bpf_htons(ETH_P_IPV6);
  /* PPTP, Ethernet over GRE and the like are somebody else's. */
  if ((flags & GRE_VERSION) || !is_ip) return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  if (flags & ~GRE_KEY) return GW_DECAPSULATE_DROP_TUNNEL_HEADER;
  if (flags & GRE_KEY) {
    header_bytes += sizeof(key);
    if (tunnel->payload_bytes < header_bytes || load(frame, tunnel->header_offset + sizeof(header), &key, sizeof(key)))
      return GW_DECAPSULATE_DROP_TUNNEL_HEADER;
  }
  int has_key = (flags & GRE_KEY) != 0;
  if (has_key != settings.has_gre_key || (has_key && bpf_ntohl(key) != settings.gre_key))
    return GW_DECAPSULATE_KERNEL_GRE_KEY;
  found_inner(tunnel, header[1] == bpf_htons(ETH_P_IP) ? 4 : 6, header_bytes);
  return UNDECIDED;
}

/* The outer UDP checksum is not verified: the inner packet has its own. */
GW_INLINE int read_gue(const struct frame* frame, struct tunnel* tunnel) {
  struct udphdr udp;
  __u8 gue[4];
  tunnel->outcome = GW_DECAPSULATED_GUE;
  if (tunnel->payload_bytes < sizeof(udp) || load(frame, tunnel->header_offset, &udp, sizeof(udp)))
    return GW_DECAPSULATE_DROP_TUNNEL_HEADER;
  __u32 udp_bytes = bpf_ntohs(udp.len);
  if (udp_bytes < sizeof(udp) + sizeof(gue) || udp_bytes > tunnel->payload_bytes)
    return GW_DECAPSULATE_DROP_TUNNEL_HEADER;
  tunnel->payload_bytes = udp_bytes;
  if (load(frame, tunnel->header_offset + sizeof(udp), gue, sizeof(gue))) return GW_DECAPSULATE_DROP_TUNNEL_HEADER;
  if (gue[0] >> 6 == 1) { /* variant 1: the IP packet itself, whose version's upper bits are the variant */
    __u8 version = gue[0] >> 4;
    if (version != 4 && version != 6) return GW_DECAPSULATE_DROP_TUNNEL_HEADER;
    found_inner(tunnel, version, sizeof(udp));
    return UNDECIDED;
  }
  __u32 header_bytes = sizeof(udp) + sizeof(gue) + (gue[0] & GUE_WORDS) * 4u;
  int is_ip = gue[1] == PROTOCOL_IPV4 || gue[1] == PROTOCOL_IPV6;
  if (gue[0] >> 6 != 0 || (gue[0] & GUE_CONTROL) || !is_ip || gue[2] || gue[3] || header_bytes > udp_bytes)
    return GW_DECAPSULATE_DROP_TUNNEL_HEADER;
  found_inner(tunnel, gue[1] == PROTOCOL_IPV4 ? 4 : 6, header_bytes);
  return UNDECIDED;
}

GW_INLINE int read_tunnel(const struct frame* frame, struct tunnel* tunnel) {
  if (tunnel->outer_protocol == PROTOCOL_UDP) return read_gue(frame, tunnel);
  if (tunnel->outer_protocol == PROTOCOL_GRE) return read_gre(frame, tunnel);
  tunnel->outcome = GW_DECAPSULATED_IPIP;
  found_inner(tunnel, tunnel->outer_protocol == PROTOCOL_IPV4 ? 4 : 6, 0);
  return UNDECIDED;
}

#endif
