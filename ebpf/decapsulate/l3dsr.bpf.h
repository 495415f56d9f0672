/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a balancer did to a packet for l3dsr is undone: the DSCP says which service address the destination was, and the
 * checksums follow by RFC 1624, so a wrong one stays wrong. The source is a client's: no allow list can know it. What
 * is not certainly such a packet is the kernel's, unchanged. */
#ifndef GUIDEWAY_DECAPSULATE_L3DSR_BPF_H
#define GUIDEWAY_DECAPSULATE_L3DSR_BPF_H

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "ebpf/abi/limits.h"
#include "ebpf/decapsulate/frame.bpf.h"

#define PROTOCOL_ICMP 1
#define PROTOCOL_TCP 6
#define PROTOCOL_ICMPV6 58

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, GW_DECAPSULATE_PREFIXES_MAX);
  __type(key, struct gw_decapsulate_ipv4_prefix);
  __type(value, __u8);
} local_ipv4 SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, GW_DECAPSULATE_PREFIXES_MAX);
  __type(key, struct gw_decapsulate_ipv6_prefix);
  __type(value, __u8);
} local_ipv6 SEC(".maps");

/* By DSCP. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, GW_DECAPSULATE_DSCPS);
  __type(key, __u32);
  __type(value, struct gw_decapsulate_service);
} services SEC(".maps");

/* Where the transport checksum stands that covers the addresses; 0: nowhere in this packet. */
struct transport {
  __u32 checksum_offset;
  int is_udp;
};

GW_INLINE int is_extension_header(__u8 protocol) {
  return protocol == 0 || protocol == 43 || protocol == 60 || protocol == PROTOCOL_FRAGMENT;
}

/* Of ICMP balancers send errors only, and whole ones. */
GW_INLINE int is_icmp_error(const struct frame* frame, __u8 protocol, __u32 offset) {
  __u8 type;
  if (load(frame, offset, &type, sizeof(type))) return 0;
  return protocol == PROTOCOL_ICMPV6 ? type >= 1 && type <= 4 : type == 3 || type == 11 || type == 12;
}

/* Of a packet that is no later fragment. */
GW_INLINE int find_checksum(const struct frame* frame, __u8 protocol, __u32 offset, __u32 end, int is_fragment,
                            struct transport* transport) {
  __u32 at;
  if (protocol == PROTOCOL_ICMP && !is_fragment && is_icmp_error(frame, protocol, offset))
    return UNDECIDED; /* its checksum does not cover the addresses */
  if (protocol == PROTOCOL_TCP)
    at = 16;
  else if (protocol == PROTOCOL_UDP)
    at = 6;
  else if (protocol == PROTOCOL_ICMPV6 && !is_fragment && is_icmp_error(frame, protocol, offset))
    at = 2;
  else
    return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  if (offset + at + 2 > end) return GW_DECAPSULATE_KERNEL_DSCP_INVALID;
  transport->checksum_offset = offset + at;
  transport->is_udp = protocol == PROTOCOL_UDP;
  return UNDECIDED;
}

GW_INLINE long put(const struct frame* frame, __u32 offset, const void* from, __u32 bytes) {
  return frame->is_xdp ? bpf_xdp_store_bytes(frame->context, offset, (void*)from, bytes)
                       : bpf_skb_store_bytes(frame->context, offset, from, bytes, BPF_F_RECOMPUTE_CSUM);
}

GW_INLINE __u16 fold(__u64 sum) {
  sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (__u16)sum;
}

/* `difference` is that of bpf_csum_diff(). In tc the checksum may be unfinished, or one that a NIC took may have to
 * follow: the kernel's helper knows. It leaves UDP's 0 alone. */
GW_INLINE long update_transport(const struct frame* frame, const struct transport* transport, __u32 difference) {
  __u16 checksum;
  if (transport->checksum_offset == 0) return 0;
  if (!frame->is_xdp) {
    __u64 flags = BPF_F_PSEUDO_HDR | (transport->is_udp ? BPF_F_MARK_MANGLED_0 : 0);
    return bpf_l4_csum_replace(frame->context, transport->checksum_offset, 0, difference, flags);
  }
  if (load(frame, transport->checksum_offset, &checksum, sizeof(checksum))) return -1;
  if (transport->is_udp && checksum == 0) return 0;
  checksum = (__u16)~fold((__u64)(__u16)~checksum + difference);
  if (transport->is_udp && checksum == 0) checksum = 0xffff;
  return put(frame, transport->checksum_offset, &checksum, sizeof(checksum));
}

GW_INLINE const struct gw_decapsulate_service* service_of(__u32 dscp) {
  return dscp == 0 ? 0 : bpf_map_lookup_elem(&services, &dscp);
}

GW_INLINE int restore_ipv4(const struct frame* frame) {
  struct iphdr ip;
  struct iphdr restored;
  struct transport transport = {};
  struct gw_decapsulate_ipv4_prefix destination = {.bits = 32};
  if (load(frame, ETH_HLEN, &ip, sizeof(ip))) return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  const struct gw_decapsulate_service* service = service_of(ip.tos >> 2);
  if (!service || !(service->has_ipv4 | service->has_ipv6)) return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  if (ip.protocol != PROTOCOL_TCP && ip.protocol != PROTOCOL_UDP && ip.protocol != PROTOCOL_ICMP)
    return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  __builtin_memcpy(destination.address, &ip.daddr, sizeof(destination.address));
  if (!bpf_map_lookup_elem(&local_ipv4, &destination)) return GW_DECAPSULATE_KERNEL_DSCP_ADDRESS;
  if (!service->has_ipv4) return GW_DECAPSULATE_KERNEL_DSCP_FAMILY;
  __u32 header_bytes = ip.ihl * 4u;
  __u32 total_bytes = bpf_ntohs(ip.tot_len);
  if (ip.version != 4 || header_bytes < sizeof(ip) || total_bytes < header_bytes ||
      ETH_HLEN + total_bytes > frame->bytes)
    return GW_DECAPSULATE_KERNEL_DSCP_INVALID;
  int is_fragment = (ip.frag_off & bpf_htons(0x3fff)) != 0;
  if (!(ip.frag_off & bpf_htons(0x1fff))) {
    __u32 offset = ETH_HLEN + header_bytes;
    int outcome = find_checksum(frame, ip.protocol, offset, ETH_HLEN + total_bytes, is_fragment, &transport);
    if (outcome != UNDECIDED) return outcome;
  } else if (ip.protocol == PROTOCOL_ICMP) {
    return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  }
  restored = ip;
  restored.tos &= 3;
  __builtin_memcpy(&restored.daddr, service->ipv4, sizeof(restored.daddr));
  __u32 header_difference = (__u32)bpf_csum_diff((__be32*)&ip, sizeof(ip), (__be32*)&restored, sizeof(restored), 0);
  __u32 difference = (__u32)bpf_csum_diff(&ip.daddr, sizeof(ip.daddr), &restored.daddr, sizeof(restored.daddr), 0);
  restored.check = (__sum16)~fold((__u64)(__u16)~ip.check + header_difference);
  if (update_transport(frame, &transport, difference) || put(frame, ETH_HLEN, &restored, sizeof(restored)))
    return GW_DECAPSULATE_DROP_REWRITE_FAILED;
  return GW_DECAPSULATE_RESTORED_L3DSR;
}

/* As the balancer walks them. */
GW_INLINE int walk_extension_headers(const struct frame* frame, __u8 protocol, __u32 end, struct transport* transport) {
  __u32 offset = ETH_HLEN + sizeof(struct ipv6hdr);
  int is_fragment = 0;
  for (int walked = 0; walked <= (int)GW_EXTENSION_HEADERS_MAX; walked++) {
    __u8 header[4];
    if (protocol == PROTOCOL_ICMP) return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
    if (!is_extension_header(protocol)) return find_checksum(frame, protocol, offset, end, is_fragment, transport);
    if (offset + 8 > end || load(frame, offset, header, sizeof(header))) return GW_DECAPSULATE_KERNEL_DSCP_INVALID;
    if (protocol == PROTOCOL_FRAGMENT) {
      is_fragment |= header[2] != 0 || (header[3] & 0xf9) != 0;
      if (header[2] != 0 || (header[3] & 0xf8) != 0) {
        int is_ours = header[0] == PROTOCOL_TCP || header[0] == PROTOCOL_UDP || is_extension_header(header[0]);
        return is_ours ? UNDECIDED : GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
      }
      offset += 8;
    } else {
      offset += 8 + header[1] * 8u;
    }
    protocol = header[0];
  }
  return GW_DECAPSULATE_KERNEL_DSCP_INVALID;
}

GW_INLINE int restore_ipv6(const struct frame* frame) {
  struct ipv6hdr ip;
  struct ipv6hdr restored;
  struct transport transport = {};
  struct gw_decapsulate_ipv6_prefix destination = {.bits = 128};
  if (load(frame, ETH_HLEN, &ip, sizeof(ip))) return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  const struct gw_decapsulate_service* service = service_of((ip.priority << 2 | ip.flow_lbl[0] >> 6) & 0x3f);
  if (!service || !(service->has_ipv4 | service->has_ipv6)) return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  __u32 end = ETH_HLEN + sizeof(ip) + bpf_ntohs(ip.payload_len);
  int outcome = walk_extension_headers(frame, ip.nexthdr, end, &transport);
  if (outcome == GW_DECAPSULATE_KERNEL_NOT_TUNNEL) return outcome;
  __builtin_memcpy(destination.address, &ip.daddr, sizeof(destination.address));
  if (!bpf_map_lookup_elem(&local_ipv6, &destination)) return GW_DECAPSULATE_KERNEL_DSCP_ADDRESS;
  if (!service->has_ipv6) return GW_DECAPSULATE_KERNEL_DSCP_FAMILY;
  if (ip.version != 6 || end > frame->bytes) return GW_DECAPSULATE_KERNEL_DSCP_INVALID;
  if (outcome != UNDECIDED) return outcome;
  restored = ip;
  restored.priority = 0;
  restored.flow_lbl[0] &= 0x3f;
  __builtin_memcpy(&restored.daddr, service->ipv6, sizeof(restored.daddr));
  __u32 difference =
      (__u32)bpf_csum_diff((__be32*)&ip.daddr, sizeof(ip.daddr), (__be32*)&restored.daddr, sizeof(restored.daddr), 0);
  if (update_transport(frame, &transport, difference) || put(frame, ETH_HLEN, &restored, sizeof(restored)))
    return GW_DECAPSULATE_DROP_REWRITE_FAILED;
  return GW_DECAPSULATE_RESTORED_L3DSR;
}

GW_INLINE int restore_l3dsr(const struct frame* frame) {
  __be16 ethertype;
  if (!settings.restores || load(frame, offsetof(struct ethhdr, h_proto), &ethertype, sizeof(ethertype)))
    return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
  if (ethertype == bpf_htons(ETH_P_IP)) return restore_ipv4(frame);
  if (ethertype == bpf_htons(ETH_P_IPV6)) return restore_ipv6(frame);
  return GW_DECAPSULATE_KERNEL_NOT_TUNNEL;
}

#endif
