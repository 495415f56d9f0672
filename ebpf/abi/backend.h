/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A backend: how a packet is handed to it. Whether it may have any is the health word's affair. */
#ifndef GUIDEWAY_ABI_BACKEND_H
#define GUIDEWAY_ABI_BACKEND_H

#include "ebpf/abi/portable.h"

enum gw_forward {
  GW_FORWARD_L2 = 0,         /* direct server return by MAC rewrite */
  GW_FORWARD_IPIP = 1,       /* IP in IP (RFC 2003, RFC 2473, RFC 4213): all four family mixes, as in every tunnel */
  GW_FORWARD_GUE = 2,        /* generic UDP encapsulation, variant 0: a header of 4 bytes between UDP and IP */
  GW_FORWARD_GUE_DIRECT = 3, /* variant 1: IP directly behind UDP */
  GW_FORWARD_GRE = 4,        /* RFC 2784; with a key RFC 2890 */
  GW_FORWARD_L3DSR = 5,      /* destination and DSCP rewritten; the backend restores both by the DSCP */
  GW_FORWARD_COUNT = 6,
};

enum gw_backend_flags {
  GW_BACKEND_RESOLVED = 1,   /* next_hop_mac, source_mac and port are known */
  GW_BACKEND_HAS_KEY = 2,    /* gre: tunnel_id is sent as the key */
  GW_BACKEND_CLAMPS_MSS = 4, /* SYNs that go into the tunnel announce no more than fits it */
  GW_BACKEND_FLAGS = 7,
};

struct gw_backend {
  __u32 index;  /* stable over generations; names its health word and counters; below backends_max */
  __u8 forward; /* enum gw_forward */
  __u8 family;  /* of address and outer_source: 4 or 6 */
  __u8 flags;   /* enum gw_backend_flags */
  __u8 port;    /* the datapath's port number that leads to the next hop */
  __u8 next_hop_mac[6];
  __u8 source_mac[6];
  __u8 address[16];       /* the backend itself: outer destination */
  __u8 outer_source[16];  /* outer source of tunnelled packets; the bits behind outer_source_bits are zero */
  __u16 mtu_bytes;        /* of the egress link: largest IP packet, outer header included */
  __u16 vlan;             /* 1 to 4094: frames carry this 802.1Q tag; 0: none */
  __u16 weight;           /* 1 to 65535; what least-connections divides by */
  __u8 outer_source_bits; /* how many bits of outer_source are fixed, the others come from the flow's hash: up to 32,
                             or from 64 to 128 in IPv6 */
  __u8 zero;
  __u32 tunnel_id; /* gue: UDP destination port; gre: key; else 0. In host order */
};
GW_STATIC_ASSERT(sizeof(struct gw_backend) == 64, "backend row");
GW_ASSERT_OFFSET(gw_backend, forward, 4);
GW_ASSERT_OFFSET(gw_backend, next_hop_mac, 8);
GW_ASSERT_OFFSET(gw_backend, address, 20);
GW_ASSERT_OFFSET(gw_backend, outer_source, 36);
GW_ASSERT_OFFSET(gw_backend, mtu_bytes, 52);
GW_ASSERT_OFFSET(gw_backend, outer_source_bits, 58);
GW_ASSERT_OFFSET(gw_backend, tunnel_id, 60);

#endif
