/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A backend: how a packet is handed to it. Whether it may have any is the health word's affair. */
#ifndef GUIDEWAY_ABI_BACKEND_H
#define GUIDEWAY_ABI_BACKEND_H

#include "ebpf/abi/portable.h"

enum gw_forward {
  GW_FORWARD_L2 = 0,   /* direct server return by MAC rewrite */
  GW_FORWARD_IPIP = 1, /* IP in IP (RFC 2003, RFC 2473, RFC 4213): all four family mixes */
};

enum gw_backend_flags {
  GW_BACKEND_RESOLVED = 1, /* next_hop_mac, source_mac and port are known */
};

struct gw_backend {
  __u32 index;  /* stable over generations; names its health word and counters; below backends_max */
  __u8 forward; /* enum gw_forward */
  __u8 family;  /* of address and outer_source: 4 or 6 */
  __u8 flags;   /* enum gw_backend_flags */
  __u8 port;    /* the datapath's port number that leads to the next hop */
  __u8 next_hop_mac[6];
  __u8 source_mac[6];
  __u8 address[16];      /* the backend itself: outer destination */
  __u8 outer_source[16]; /* outer source of tunnelled packets */
  __u16 mtu_bytes;       /* of the egress link: largest IP packet, outer header included */
  __u8 zero[10];
};
GW_STATIC_ASSERT(sizeof(struct gw_backend) == 64, "backend row");
GW_ASSERT_OFFSET(gw_backend, forward, 4);
GW_ASSERT_OFFSET(gw_backend, next_hop_mac, 8);
GW_ASSERT_OFFSET(gw_backend, address, 20);
GW_ASSERT_OFFSET(gw_backend, outer_source, 36);
GW_ASSERT_OFFSET(gw_backend, mtu_bytes, 52);

#endif
