/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What decapsulate.bpf.c and its loader share: settings, the keys of the lists, and every outcome that a packet can
 * have, counted. Names and meanings of the outcomes are in outcomes.cc. */
#ifndef GUIDEWAY_DECAPSULATE_H
#define GUIDEWAY_DECAPSULATE_H

#include "ebpf/abi/portable.h"

enum gw_decapsulate_outcome {
  GW_DECAPSULATED_IPIP = 0,
  GW_DECAPSULATED_GUE = 1,
  GW_DECAPSULATED_GRE = 2,

  GW_DECAPSULATE_RESTORED_L3DSR = 3, /* destination and DSCP are what the client wrote again */

  /* Handed to the kernel as they came. */
  GW_DECAPSULATE_KERNEL_NOT_TUNNEL = 4,
  GW_DECAPSULATE_KERNEL_SOURCE = 5,   /* a tunnel's packet, but its source is on no allow list */
  GW_DECAPSULATE_KERNEL_FRAGMENT = 6, /* a fragment of an outer packet */
  GW_DECAPSULATE_KERNEL_GRE_KEY = 7,  /* GRE with another key than ours, with none, or with one where we have none */
  GW_DECAPSULATE_KERNEL_DSCP_ADDRESS = 8,  /* a service's DSCP, but the destination is not told to be local */
  GW_DECAPSULATE_KERNEL_DSCP_FAMILY = 9,   /* a service's DSCP, but the service has no address of this family */
  GW_DECAPSULATE_KERNEL_DSCP_INVALID = 10, /* the same, and impossible or cut short: the kernel drops it */

  /* Dropped; only ever what an allowed source sent in a tunnel. */
  GW_DECAPSULATE_DROP_OUTER_INVALID = 11,
  GW_DECAPSULATE_DROP_OUTER_TRUNCATED = 12,
  GW_DECAPSULATE_DROP_OUTER_CHECKSUM = 13,
  GW_DECAPSULATE_DROP_TUNNEL_HEADER = 14,
  GW_DECAPSULATE_DROP_INNER_INVALID = 15,
  GW_DECAPSULATE_DROP_INNER_TRUNCATED = 16,
  GW_DECAPSULATE_DROP_DOUBLE_TUNNEL = 17,
  GW_DECAPSULATE_DROP_ECN = 18,
  GW_DECAPSULATE_DROP_REWRITE_FAILED = 19,

  GW_DECAPSULATE_OUTCOMES = 20,
};

/* Read-only for the program; the loader writes it before the program is loaded. */
struct gw_decapsulate_settings {
  __u32 gre_key;
  __u16 gue_port; /* 0: no GUE */
  __u8 has_gre_key;
  __u8 restores; /* 1: there are services known by their DSCP */
};
GW_STATIC_ASSERT(sizeof(struct gw_decapsulate_settings) == 8, "decapsulate settings");

/* Keys of the longest-prefix tries. */
struct gw_decapsulate_ipv4_prefix {
  __u32 bits;
  __u8 address[4];
};
struct gw_decapsulate_ipv6_prefix {
  __u32 bits;
  __u8 address[16];
};
#define GW_DECAPSULATE_PREFIXES_MAX 4096u

/* The service that a DSCP stands for. */
#define GW_DECAPSULATE_DSCPS 64u
struct gw_decapsulate_service {
  __u8 ipv4[4];
  __u8 ipv6[16];
  __u8 has_ipv4;
  __u8 has_ipv6;
  __u8 zero[2];
};
GW_STATIC_ASSERT(sizeof(struct gw_decapsulate_service) == 24, "decapsulate service");

/* One a CPU. */
struct gw_decapsulate_counters {
  __u64 received_packets; /* = sum of outcomes[] */
  __u64 outcomes[GW_DECAPSULATE_OUTCOMES];
};

/* How the loader attached it, for the loader that is to detach it. The program does not read this. */
enum gw_decapsulate_mode {
  GW_DECAPSULATE_XDP_NATIVE = 1,
  GW_DECAPSULATE_XDP_GENERIC = 2,
  GW_DECAPSULATE_TC = 3,
};
struct gw_decapsulate_attachment {
  struct gw_decapsulate_settings settings;
  __u32 mode;
  __u32 program_id;
  __u32 tc_handle;
  __u32 tc_priority;
  __u32 made_clsact; /* 1: the interface had no clsact before */
  __u32 zero;
};
GW_STATIC_ASSERT(sizeof(struct gw_decapsulate_attachment) == 32, "decapsulate attachment");

#endif
