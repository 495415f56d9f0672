/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The frame as XDP or tc gives it, and what is found out about the tunnel in it, step by step. */
#ifndef GUIDEWAY_DECAPSULATE_FRAME_BPF_H
#define GUIDEWAY_DECAPSULATE_FRAME_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "ebpf/decapsulate/decapsulate.h"

#ifndef offsetof
#define offsetof(type, field) __builtin_offsetof(type, field)
#endif

/* A step either decides the packet's outcome or leaves it to the next one. */
#define UNDECIDED (-1)

#define PROTOCOL_IPV4 4
#define PROTOCOL_UDP 17
#define PROTOCOL_IPV6 41
#define PROTOCOL_FRAGMENT 44
#define PROTOCOL_GRE 47

/* In a section of its own: the compiler puts constants into .rodata. */
volatile const struct gw_decapsulate_settings settings SEC(".rodata.settings") = {};

struct frame {
  void* context;
  int is_xdp; /* known when it is compiled: each program holds one kind of helper only */
  __u32 bytes;
};

struct tunnel {
  int outcome;         /* if nothing is wrong with it */
  __u32 header_offset; /* behind the outer IP header */
  __u32 payload_bytes; /* from there on, inside of the outer packet */
  __u32 inner_offset;
  __u32 inner_bytes; /* that the tunnel carries */
  __be16 inner_first_word;
  __be16 inner_checksum; /* IPv4's */
  __u8 outer_version;
  __u8 inner_version;
  __u8 outer_protocol;
  __u8 outer_ecn;
  __u8 inner_ecn;
  __u8 new_ecn;
};

GW_INLINE long load(const struct frame* frame, __u32 offset, void* to, __u32 bytes) {
  return frame->is_xdp ? bpf_xdp_load_bytes(frame->context, offset, to, bytes)
                       : bpf_skb_load_bytes(frame->context, offset, to, bytes);
}

GW_INLINE int is_tunnel_protocol(__u8 protocol) {
  return protocol == PROTOCOL_IPV4 || protocol == PROTOCOL_IPV6 || protocol == PROTOCOL_GRE;
}

/* Whether the UDP header there goes to the port of GUE. */
GW_INLINE int is_gue(const struct frame* frame, __u32 udp_offset) {
  __be16 port;
  if (settings.gue_port == 0 || load(frame, udp_offset + 2, &port, sizeof(port))) return 0;
  return bpf_ntohs(port) == settings.gue_port;
}

GW_INLINE __be16 inner_ethertype(const struct tunnel* tunnel) {
  return tunnel->inner_version == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
}

#endif
