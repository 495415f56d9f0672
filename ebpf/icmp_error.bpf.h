/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 7 of docs/packet-path.md: ICMP errors go where the flow goes that they are about. They are rare: bytes are
 * copied out of the frame one header at a time. */
#ifndef GUIDEWAY_ICMP_ERROR_BPF_H
#define GUIDEWAY_ICMP_ERROR_BPF_H

#include "ebpf/parse.bpf.h"
#include "ebpf/schedulers.bpf.h"

/* The quoted packet on its way through its headers. */
struct gw_quote {
  __u32 at;  /* in the frame */
  __u32 end; /* of the outer payload, in the frame */
};

GW_INLINE int gw_is_error_type(__u8 family, __u8 type) {
  if (family == GW_FAMILY_IPV4) return type == 3 || type == 11 || type == 12;
  return type >= 1 && type <= 4;
}

GW_INLINE int gw_load(struct xdp_md* context, const struct gw_quote* quote, void* into, __u32 length_bytes) {
  return quote->at + length_bytes <= quote->end && bpf_xdp_load_bytes(context, quote->at, into, length_bytes) == 0;
}

/* The flow that a quoted header names is the reverse: what was sent to us was an answer to what we sent. */
GW_INLINE int gw_quoted_ipv4(struct xdp_md* context, struct gw_packet* packet, struct gw_quote* quote) {
  struct iphdr ip;
  if (!gw_load(context, quote, &ip, sizeof ip) || ip.version != 4 || ip.ihl < 5) return 0;
  quote->at += ip.ihl * 4u;
  if (quote->at > quote->end || (ip.frag_off & bpf_htons(GW_IPV4_OFFSET)) != 0) return 0;
  if (ip.saddr != *(__be32*)packet->flow.destination) return 0;
  *(__be32*)packet->flow.source = ip.daddr;
  packet->flow.protocol = ip.protocol;
  return 1;
}

GW_INLINE int gw_is_same_address(const void* one, const void* other) {
  const __u64* a = one;
  const __u64* b = other;
  return a[0] == b[0] && a[1] == b[1];
}

/* True when quote->at stands behind all extension headers, whose last `header` named. */
static __noinline int gw_walk_quoted_extensions(struct xdp_md* context, struct gw_quote* quote, __u8* header) {
  int is_fragment = 0;
  for (__u32 walked = 0; walked <= GW_EXTENSION_HEADERS_MAX; ++walked) {
    if (!gw_is_walked(*header)) return 1;
    __u8 bytes[8];
    if (walked == GW_EXTENSION_HEADERS_MAX || !gw_load(context, quote, bytes, sizeof bytes)) return 0;
    __u32 length_bytes = (bytes[1] + 1u) * 8;
    if (*header == GW_NEXT_FRAGMENT) {
      __u32 field = (__u32)bytes[2] << 8 | bytes[3];
      if ((field & GW_IPV6_OFFSET) != 0 || (is_fragment && (field & GW_IPV6_FRAGMENT) != 0)) return 0;
      is_fragment |= (field & GW_IPV6_FRAGMENT) != 0;
      length_bytes = 8;
    }
    quote->at += length_bytes;
    if (quote->at > quote->end) return 0;
    *header = bytes[0];
  }
  return 0;
}

GW_INLINE int gw_quoted_ipv6(struct xdp_md* context, struct gw_packet* packet, struct gw_quote* quote) {
  struct {
    __u8 version_to_length[6];
    __u8 next_header;
    __u8 hop_limit;
    __u64 source[2];
    __u64 destination[2];
  } ip;
  if (!gw_load(context, quote, &ip, sizeof ip) || ip.version_to_length[0] >> 4 != 6) return 0;
  if (!gw_is_same_address(ip.source, packet->flow.destination)) return 0;
  __u8 header = ip.next_header;
  quote->at += sizeof ip;
  if (!gw_walk_quoted_extensions(context, quote, &header)) return 0;
  __builtin_memcpy(packet->flow.source, ip.destination, 16);
  packet->flow.protocol = header;
  return 1;
}

/* Puts the flow that the quoted packet names into `flow`, whose addresses are the outer ones still. */
GW_INLINE int gw_read_quoted_flow(struct xdp_md* context, struct gw_packet* packet) {
  struct gw_quote quote = {
      .at = packet->l4_offset + (__u32)sizeof(struct gw_icmp),
      .end = (__u32)packet->ip_offset + packet->ip_bytes,
  };
  int is_ipv4 = packet->flow.family == GW_FAMILY_IPV4;
  if (!(is_ipv4 ? gw_quoted_ipv4(context, packet, &quote) : gw_quoted_ipv6(context, packet, &quote))) return 0;
  if (packet->flow.protocol != GW_TCP && packet->flow.protocol != GW_UDP) return 0;
  struct gw_ports quoted;
  if (!gw_load(context, &quote, &quoted, sizeof quoted)) return 0;
  packet->flow.source_port_be16 = quoted.destination_be16;
  packet->flow.destination_port_be16 = quoted.source_be16;
  return 1;
}

GW_INLINE int gw_kernel_exit_of_icmp(const struct gw_packet* packet) {
  return gw_has_address(packet) ? GW_EXIT_KERNEL_NO_SERVICE : GW_EXIT_KERNEL_OTHER_PROTOCOL;
}

/* An ICMP message: GW_EXIT_SENT if it is about a flow, which `flow` then is. `icmp` are its first eight bytes. */
__noinline int gw_read_icmp_error(struct xdp_md* context, struct gw_packet* packet) {
  if (!packet) return GW_EXIT_KERNEL_OTHER_PROTOCOL;
  struct gw_icmp icmp;
  struct gw_quote whole = {.at = packet->l4_offset, .end = (__u32)packet->ip_offset + packet->ip_bytes};
  if (!gw_load(context, &whole, &icmp, sizeof icmp)) return GW_EXIT_KERNEL_OTHER_PROTOCOL;
  if (!gw_is_error_type(packet->flow.family, icmp.type)) return GW_EXIT_KERNEL_OTHER_PROTOCOL;
  if (!gw_read_quoted_flow(context, packet)) return gw_kernel_exit_of_icmp(packet);
  packet->kind = GW_KIND_ABOUT;
  return GW_EXIT_SENT;
}

/* Where the flow goes; nothing is changed or remembered. */
__noinline int gw_choose_about(struct gw_packet* packet, const struct gw_xdp_service* service) {
  if (!packet || !service) return GW_EXIT_DROP_NO_BACKEND;
  GW_WORKER_COUNT(packet->worker, asked, 1);
  if (!(service->row.flags & GW_SERVICE_REMEMBERS_NOTHING)) {
    __u32 now_ticks = gw_now_ticks();
    packet->backend = gw_ask_own_table(packet, now_ticks);
    if (packet->backend == GW_NO_BACKEND) packet->backend = gw_ask_other_workers(packet, now_ticks, GW_ENDS_NONE, 0);
    if (packet->backend != GW_NO_BACKEND) return GW_EXIT_SENT;
  }
  if (!gw_scheduler_is_consistent(service->row.scheduler)) return gw_kernel_exit_of_icmp(packet);
  __u64 choice_hash = gw_choice_hash(packet, &service->row);
  __u32 first_slot = gw_scale(choice_hash, service->slot_count);
  packet->backend = gw_load_slot(service->table_handle, first_slot).home_backend;
  if (gw_is_living(packet->backend)) return GW_EXIT_SENT;
  int may_remember = 0;
  return gw_schedule(packet, service, choice_hash, first_slot, &may_remember);
}

#endif
