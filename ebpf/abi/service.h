/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A service: what a packet must be addressed to, and how its backend is chosen. */
#ifndef GUIDEWAY_ABI_SERVICE_H
#define GUIDEWAY_ABI_SERVICE_H

#include "ebpf/abi/portable.h"

/* Compared as bytes. An IPv4 address stands in the first four bytes, the rest zero. Port 0 means any port. */
struct gw_service_key {
  __u8 address[16];
  __be16 port_be16;
  __u8 protocol; /* 6 or 17 */
  __u8 family;   /* 4 or 6 */
};
GW_STATIC_ASSERT(sizeof(struct gw_service_key) == 20, "service key");

enum gw_scheduler {
  GW_SCHEDULER_MAGLEV = 0,
  GW_SCHEDULER_ROUND_ROBIN = 1,
};

/* What happens to a packet for which no backend accepts. */
enum gw_policy {
  GW_POLICY_DROP = 0,
  GW_POLICY_FAIL_OPEN = 1, /* the first slot's backend gets it, whatever its health */
};

enum gw_service_flags {
  GW_SERVICE_FOLLOWS_EVERY_FLOW = 1, /* every flow is remembered: non-consistent schedulers, UDP by default */
  GW_SERVICE_REMEMBERS_NOTHING = 2,  /* udp = "hash" */
};

struct gw_service {
  struct gw_service_key key;
  __u32 id;            /* stable over generations; names its counters and cursors; below services_max */
  __u32 table;         /* index into the snapshot's table references */
  __u8 scheduler;      /* enum gw_scheduler */
  __u8 policy;         /* enum gw_policy */
  __u16 flags;         /* enum gw_service_flags */
  __u32 idle_ticks;    /* an established flow is forgotten after this long without a packet */
  __u32 opening_ticks; /* a flow of which only the opening was seen */
  __u32 closing_ticks; /* after FIN or RST */
  __u8 zero[20];
};
GW_STATIC_ASSERT(sizeof(struct gw_service) == 64, "service row");
GW_ASSERT_OFFSET(gw_service, id, 20);
GW_ASSERT_OFFSET(gw_service, scheduler, 28);
GW_ASSERT_OFFSET(gw_service, flags, 30);
GW_ASSERT_OFFSET(gw_service, idle_ticks, 32);
GW_ASSERT_OFFSET(gw_service, zero, 44);

#endif
