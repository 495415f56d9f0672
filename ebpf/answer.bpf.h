/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 6 of docs/packet-path.md: packets that become answers to their senders. All functions leave the frame as it
 * was unless they return an answer. */
#ifndef GUIDEWAY_ANSWER_BPF_H
#define GUIDEWAY_ANSWER_BPF_H

#include "ebpf/icmp_error.bpf.h"
#include "ebpf/tunnel.bpf.h"

#define GW_TCP_BYTES 20u

enum gw_icmp_type {
  GW_ICMP_UNREACHABLE = 3,
  GW_ICMP_ECHO_REQUEST = 8,
  GW_ICMPV6_UNREACHABLE = 1,
  GW_ICMPV6_TOO_BIG = 2,
  GW_ICMPV6_ECHO_REQUEST = 128,
  GW_ICMPV6_ECHO_REPLY = 129,
};

/* The Ethernet header with its tag, if it has one, and the place of its end. */
struct gw_link_header {
  __u8 bytes[ETH_HLEN + GW_VLAN_TAG_BYTES];
};

GW_INLINE int gw_load_link(struct xdp_md* context, struct gw_link_header* link) {
  return bpf_xdp_load_bytes(context, 0, link->bytes, sizeof link->bytes) == 0;
}

/* Back to where it came from: addresses swapped, tag kept. */
GW_INLINE void gw_store_link_swapped(struct xdp_md* context, const struct gw_packet* packet,
                                     const struct gw_link_header* link) {
  struct gw_link_header swapped = *link;
  __builtin_memcpy(swapped.bytes, link->bytes + 6, 6);
  __builtin_memcpy(swapped.bytes + 6, link->bytes, 6);
  if (packet->ip_offset == ETH_HLEN)
    bpf_xdp_store_bytes(context, 0, swapped.bytes, ETH_HLEN);
  else
    bpf_xdp_store_bytes(context, 0, swapped.bytes, ETH_HLEN + GW_VLAN_TAG_BYTES);
}

GW_INLINE int gw_may_answer_source(const struct gw_packet* packet) {
  const __u8* source = packet->flow.source;
  if (packet->flow.family == GW_FAMILY_IPV4) return source[0] != 0 && source[0] != 127 && source[0] < 224;
  const __u32* words = (const __u32*)source;
  if (source[0] == 0xff) return 0;
  return (words[0] | words[1] | words[2]) != 0 || (words[3] != 0 && words[3] != bpf_htonl(1));
}

GW_INLINE int gw_may_be_answered(const struct gw_packet* packet, const struct gw_link_header* link) {
  return !((link->bytes[0] | link->bytes[6]) & 1) && gw_may_answer_source(packet);
}

GW_INLINE int gw_take_answer_token(const struct gw_packet* packet, __u32 answer) {
  struct gw_xdp_worker* state = gw_worker_of(packet->worker);
  if (!state || answer >= GW_XDP_ANSWERS) return 0;
  __u32 rate = control.generations[packet->side & 1].answer_rates[answer];
  return gw_take_token(&state->answers[answer], rate, rate, gw_now_ticks());
}

/* An IP header from us to the packet's sender, and the words of its pseudo-header, added up. */
GW_INLINE __u64 gw_write_answer_ipv4(__u32* words, const struct gw_packet* packet, __u8 protocol, __u32 payload_bytes) {
  words[0] = bpf_htonl(0x45000000u | (GW_IPV4_HEADER_BYTES + payload_bytes));
  words[1] = bpf_htonl(GW_IPV4_DONT_FRAGMENT);
  words[2] = bpf_htonl((__u32)GW_OUTER_HOP_LIMIT << 24 | (__u32)protocol << 16);
  words[3] = *(const __u32*)packet->flow.destination;
  words[4] = *(const __u32*)packet->flow.source;
  words[2] |= (__u32)gw_checksum_of(gw_sum_of_words(words, 5)) << 16;
  return (__u64)words[3] + words[4] + bpf_htonl((__u32)protocol << 16 | payload_bytes);
}

GW_INLINE __u64 gw_write_answer_ipv6(__u32* words, const struct gw_packet* packet, __u8 protocol, __u32 payload_bytes) {
  words[0] = bpf_htonl(6u << 28);
  words[1] = bpf_htonl(payload_bytes << 16 | (__u32)protocol << 8 | GW_OUTER_HOP_LIMIT);
  __builtin_memcpy(words + 2, packet->flow.destination, 16);
  __builtin_memcpy(words + 6, packet->flow.source, 16);
  return gw_sum_of_words(words + 2, 8) + bpf_htonl(payload_bytes) + bpf_htonl(protocol);
}

/* Moves the frame so that `bytes_in_front` more stand before the packet and it ends after `kept_bytes` of it. */
GW_INLINE int gw_reshape(struct xdp_md* context, struct gw_packet* packet, __u32 bytes_in_front, __u32 kept_bytes) {
  __u32 cut_bytes = packet->frame_bytes - packet->ip_offset - kept_bytes;
  if (bytes_in_front != 0 && bpf_xdp_adjust_head(context, -(int)bytes_in_front)) return 0;
  if (cut_bytes != 0 && bpf_xdp_adjust_tail(context, -(int)cut_bytes)) return 0;
  packet->frame_bytes = packet->ip_offset + bytes_in_front + kept_bytes;
  return 1;
}

GW_INLINE __u32 gw_quoted_bytes(const struct gw_packet* packet) {
  __u32 quoted_max = packet->flow.family == GW_FAMILY_IPV4 ? GW_QUOTED_BYTES_IPV4 : GW_QUOTED_BYTES_IPV6;
  return packet->ip_bytes < quoted_max ? packet->ip_bytes : quoted_max;
}

/* Turns the packet into an ICMP error about itself. `type_and_code`: type << 8 | code; `rest`: the four bytes behind
 * the checksum. False if the frame cannot be moved. */
static __noinline int gw_become_icmp_error(struct xdp_md* context, struct gw_packet* packet,
                                           const struct gw_link_header* link, __u32 type_and_code, __u32 rest) {
  int is_ipv4 = packet->flow.family == GW_FAMILY_IPV4;
  __u32 header_bytes = (is_ipv4 ? GW_IPV4_HEADER_BYTES : GW_IPV6_HEADER_BYTES) + (__u32)sizeof(struct gw_icmp);
  __u32 quoted_bytes = gw_quoted_bytes(packet);
  __u32 icmp_bytes = quoted_bytes + (__u32)sizeof(struct gw_icmp);
  if (!gw_reshape(context, packet, header_bytes, quoted_bytes)) return 0;
  gw_store_link_swapped(context, packet, link);
  __u32 icmp[2] = {bpf_htonl(type_and_code << 16), bpf_htonl(rest)};
  __u64 sum = gw_sum_of_frame(context, packet->ip_offset + header_bytes, quoted_bytes) + (__u64)icmp[0] + icmp[1];
  if (is_ipv4) {
    __u32 words[5];
    gw_write_answer_ipv4(words, packet, GW_ICMP, icmp_bytes);
    bpf_xdp_store_bytes(context, packet->ip_offset, words, sizeof words);
  } else {
    __u32 words[10];
    sum += gw_write_answer_ipv6(words, packet, GW_ICMPV6, icmp_bytes);
    bpf_xdp_store_bytes(context, packet->ip_offset, words, sizeof words);
  }
  icmp[0] |= (__u32)gw_checksum_of(sum) << 16;
  bpf_xdp_store_bytes(context, packet->ip_offset + header_bytes - (__u32)sizeof icmp, icmp, sizeof icmp);
  return 1;
}

GW_INLINE int gw_may_fragment(struct xdp_md* context, const struct gw_packet* packet) {
  __be16 field_be16 = 0;
  if (packet->flow.family != GW_FAMILY_IPV4) return 0;
  bpf_xdp_load_bytes(context, packet->ip_offset + 6u, &field_be16, sizeof field_be16);
  return !(field_be16 & bpf_htons(GW_IPV4_DONT_FRAGMENT));
}

/* A packet that does not fit: tells its sender what would. */
__noinline int gw_answer_too_big(struct xdp_md* context, struct gw_packet* packet, __u32 fitting_bytes) {
  struct gw_link_header link;
  if (!packet || packet->kind == GW_KIND_LATER_FRAGMENT || packet->kind == GW_KIND_ABOUT) return GW_EXIT_DROP_TOO_BIG;
  if (!gw_load_link(context, &link) || !gw_may_be_answered(packet, &link) || gw_may_fragment(context, packet))
    return GW_EXIT_DROP_TOO_BIG;
  if (!gw_take_answer_token(packet, GW_XDP_TOO_BIG)) return GW_EXIT_DROP_TOO_BIG;
  __u32 type_and_code = packet->flow.family == GW_FAMILY_IPV4 ? GW_ICMP_UNREACHABLE << 8 | 4 : GW_ICMPV6_TOO_BIG << 8;
  int is_answered = gw_become_icmp_error(context, packet, &link, type_and_code, fitting_bytes);
  return is_answered ? GW_EXIT_ANSWERED_TOO_BIG : GW_EXIT_DROP_TOO_BIG;
}

/* What of a TCP segment its reset is made of. */
struct gw_segment {
  struct gw_ports ports;
  __be32 sequence_be32;
  __be32 acknowledgement_be32;
  __u8 data_offset;
  __u8 flags;
  __be16 window_be16;
  __u32 checksum_and_urgent;
};

/* RFC 9293, 3.10.7.1. */
GW_INLINE __u64 gw_make_reset(struct gw_segment* reset, const struct gw_segment* segment, __u32 payload_bytes) {
  int has_ack = segment->flags & GW_TCP_ACK;
  __u32 next = bpf_ntohl(segment->sequence_be32) + payload_bytes - (segment->data_offset >> 4) * 4u;
  next += (segment->flags & GW_TCP_SYN ? 1 : 0) + (segment->flags & GW_TCP_FIN ? 1 : 0);
  reset->ports.source_be16 = segment->ports.destination_be16;
  reset->ports.destination_be16 = segment->ports.source_be16;
  reset->sequence_be32 = has_ack ? segment->acknowledgement_be32 : 0;
  reset->acknowledgement_be32 = has_ack ? 0 : bpf_htonl(next);
  reset->data_offset = 0x50;
  reset->flags = has_ack ? GW_TCP_RST : GW_TCP_RST | GW_TCP_ACK;
  reset->window_be16 = 0;
  reset->checksum_and_urgent = 0;
  return gw_sum_of_words((const __u32*)reset, sizeof *reset / 4);
}

static __noinline int gw_become_reset(struct xdp_md* context, struct gw_packet* packet,
                                      const struct gw_link_header* link) {
  struct gw_segment segment;
  struct gw_segment reset;
  int is_ipv4 = packet->flow.family == GW_FAMILY_IPV4;
  __u32 header_bytes = is_ipv4 ? GW_IPV4_HEADER_BYTES : GW_IPV6_HEADER_BYTES;
  __u32 payload_bytes = (__u32)packet->ip_offset + packet->ip_bytes - packet->l4_offset;
  if (bpf_xdp_load_bytes(context, packet->l4_offset, &segment, sizeof segment)) return 0;
  if (!gw_reshape(context, packet, 0, header_bytes + GW_TCP_BYTES)) return 0;
  gw_store_link_swapped(context, packet, link);
  __u64 sum = gw_make_reset(&reset, &segment, payload_bytes);
  if (is_ipv4) {
    __u32 words[5];
    sum += gw_write_answer_ipv4(words, packet, GW_TCP, GW_TCP_BYTES);
    bpf_xdp_store_bytes(context, packet->ip_offset, words, sizeof words);
  } else {
    __u32 words[10];
    sum += gw_write_answer_ipv6(words, packet, GW_TCP, GW_TCP_BYTES);
    bpf_xdp_store_bytes(context, packet->ip_offset, words, sizeof words);
  }
  reset.checksum_and_urgent = gw_checksum_of(sum);
  bpf_xdp_store_bytes(context, packet->ip_offset + header_bytes, &reset, sizeof reset);
  return 1;
}

/* A packet for which nothing accepts, of a service that says so. */
__noinline int gw_answer_reject(struct xdp_md* context, struct gw_packet* packet) {
  struct gw_link_header link;
  if (!packet || packet->kind != GW_KIND_FLOW || packet->tcp_flags & GW_TCP_RST) return GW_EXIT_DROP_NO_BACKEND;
  if (!gw_load_link(context, &link) || !gw_may_be_answered(packet, &link)) return GW_EXIT_DROP_NO_BACKEND;
  if (!gw_take_answer_token(packet, GW_XDP_REJECT)) return GW_EXIT_DROP_REJECT_LIMITED;
  int is_answered = 0;
  if (packet->protocol == GW_TCP) {
    is_answered = gw_become_reset(context, packet, &link);
  } else {
    __u32 type_and_code =
        packet->flow.family == GW_FAMILY_IPV4 ? GW_ICMP_UNREACHABLE << 8 | 3 : GW_ICMPV6_UNREACHABLE << 8 | 4;
    is_answered = gw_become_icmp_error(context, packet, &link, type_and_code, 0);
  }
  return is_answered ? GW_EXIT_ANSWERED_REJECT : GW_EXIT_DROP_NO_BACKEND;
}

GW_INLINE int gw_is_echo_request(struct xdp_md* context, const struct gw_packet* packet, struct gw_icmp* icmp) {
  int is_ipv4 = packet->flow.family == GW_FAMILY_IPV4;
  __u32 header_bytes = is_ipv4 ? GW_IPV4_HEADER_BYTES : GW_IPV6_HEADER_BYTES;
  if (packet->l4_offset != packet->ip_offset + header_bytes) return 0;
  if (packet->ip_bytes < header_bytes + sizeof *icmp) return 0;
  if (bpf_xdp_load_bytes(context, packet->l4_offset, icmp, sizeof *icmp)) return 0;
  return icmp->type == (is_ipv4 ? GW_ICMP_ECHO_REQUEST : GW_ICMPV6_ECHO_REQUEST) && icmp->code == 0;
}

/* Addresses swapped, and a new hop limit. */
GW_INLINE void gw_turn_ipv4(struct xdp_md* context, const struct gw_packet* packet) {
  __u32 words[5];
  if (bpf_xdp_load_bytes(context, packet->ip_offset, words, sizeof words)) return;
  words[2] = (words[2] & bpf_htonl(0x00ff0000)) | bpf_htonl((__u32)GW_OUTER_HOP_LIMIT << 24);
  words[3] = *(const __u32*)packet->flow.destination;
  words[4] = *(const __u32*)packet->flow.source;
  words[2] |= (__u32)gw_checksum_of(gw_sum_of_words(words, 5)) << 16;
  bpf_xdp_store_bytes(context, packet->ip_offset, words, sizeof words);
}

GW_INLINE void gw_turn_ipv6(struct xdp_md* context, const struct gw_packet* packet) {
  __u8 hop_limit = GW_OUTER_HOP_LIMIT;
  __u8 addresses[32];
  __builtin_memcpy(addresses, packet->flow.destination, 16);
  __builtin_memcpy(addresses + 16, packet->flow.source, 16);
  bpf_xdp_store_bytes(context, packet->ip_offset + 7u, &hop_limit, sizeof hop_limit);
  bpf_xdp_store_bytes(context, packet->ip_offset + 8u, addresses, sizeof addresses);
}

/* An ICMP message: GW_EXIT_SENT if it is no echo request that is ours to answer. */
__noinline int gw_answer_echo(struct xdp_md* context, struct gw_packet* packet) {
  struct gw_link_header link;
  struct gw_icmp icmp;
  if (!packet || control.generations[packet->side & 1].echo_to_kernel) return GW_EXIT_SENT;
  if (!gw_is_echo_request(context, packet, &icmp) || !gw_has_address(packet)) return GW_EXIT_SENT;
  if (!gw_load_link(context, &link) || !gw_may_be_answered(packet, &link)) return GW_EXIT_SENT;
  if (!gw_take_answer_token(packet, GW_XDP_ECHO)) return GW_EXIT_DROP_ECHO_LIMITED;
  __u16 before = *(__u16*)&icmp;
  icmp.type = packet->flow.family == GW_FAMILY_IPV4 ? 0 : GW_ICMPV6_ECHO_REPLY;
  icmp.checksum = gw_updated_checksum(icmp.checksum, before, *(__u16*)&icmp);
  bpf_xdp_store_bytes(context, packet->l4_offset, &icmp, sizeof icmp);
  if (packet->flow.family == GW_FAMILY_IPV4)
    gw_turn_ipv4(context, packet);
  else
    gw_turn_ipv6(context, packet);
  gw_store_link_swapped(context, packet, &link);
  return GW_EXIT_ANSWERED_ECHO;
}

#endif
