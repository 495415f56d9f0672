/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A service: what a packet must be addressed to, and how its backend is chosen. */
#ifndef GUIDEWAY_ABI_SERVICE_H
#define GUIDEWAY_ABI_SERVICE_H

#include "ebpf/abi/portable.h"

/* Compared as bytes. An IPv4 address stands in the first four bytes, the rest zero; of a prefix the host bits are zero.
 * Port 0 means any port; of a range it is the first port. */
struct gw_service_key {
  __u8 address[16];
  __be16 port_be16;
  __u8 protocol;    /* 6 or 17 */
  __u8 family;      /* 4 or 6 */
  __u8 prefix_bits; /* 32 or 128 for one address, less for all addresses of a prefix */
  __u8 zero[3];
};
GW_STATIC_ASSERT(sizeof(struct gw_service_key) == 24, "service key");

enum gw_scheduler {
  GW_SCHEDULER_MAGLEV = 0,
  GW_SCHEDULER_ROUND_ROBIN = 1,
  GW_SCHEDULER_SOURCE = 2,
  GW_SCHEDULER_RANDOM = 3,
  GW_SCHEDULER_LEAST_CONNECTIONS = 4,
  GW_SCHEDULER_COUNT = 5,
};

/* Whether a flow's slot alone tells its backend, on every box and worker alike. */
GW_INLINE int gw_scheduler_is_consistent(__u8 scheduler) {
  return scheduler == GW_SCHEDULER_MAGLEV || scheduler == GW_SCHEDULER_SOURCE;
}

/* What happens to a packet for which no backend accepts. */
enum gw_policy {
  GW_POLICY_DROP = 0,
  GW_POLICY_FAIL_OPEN = 1, /* the first slot's backend gets it, whatever its health */
  GW_POLICY_REJECT = 2,    /* TCP RST or ICMP port unreachable from the service address */
  GW_POLICY_COUNT = 3,
};

enum gw_service_flags {
  GW_SERVICE_FOLLOWS_EVERY_FLOW = 1, /* every flow is remembered: schedulers that are not consistent, UDP by default */
  GW_SERVICE_REMEMBERS_NOTHING = 2,  /* udp = "hash" and "packet" */
  GW_SERVICE_PER_PACKET = 4,         /* udp = "packet": the scheduler chooses for each; only beside REMEMBERS_NOTHING */
  GW_SERVICE_DENIES_BY_DEFAULT = 8,  /* a source that no prefix of the access list holds is denied */
  GW_SERVICE_FLAGS = 15,
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
  __u16 port_last;     /* of a range; else 0. In host order, above the key's port */
  __u8 dscp;           /* 1 to 63: what l3dsr backends know the service by; else 0 */
  __u8 source_bits;    /* scheduler source: how many bits of a source address count: 1 to 32 or 128 */
  __u32 access_list;   /* 1 to access_list_max: the list of prefixes that sources are held to; 0: none */
  /* New flows a second and at once, of the whole box: 0 and 0 for no limit. */
  __u32 flow_rate;
  __u32 flow_burst;
  /* The same for each source, of whose address limit_source_bits count. */
  __u32 source_flow_rate;
  __u32 source_flow_burst;
  __u8 limit_source_bits; /* 1 to 32 or 128; 0 where sources are not limited */
  __u8 zero[55];
};
GW_STATIC_ASSERT(sizeof(struct gw_service) == 128, "service row");
GW_ASSERT_OFFSET(gw_service, id, 24);
GW_ASSERT_OFFSET(gw_service, scheduler, 32);
GW_ASSERT_OFFSET(gw_service, flags, 34);
GW_ASSERT_OFFSET(gw_service, idle_ticks, 36);
GW_ASSERT_OFFSET(gw_service, port_last, 48);
GW_ASSERT_OFFSET(gw_service, access_list, 52);
GW_ASSERT_OFFSET(gw_service, flow_rate, 56);
GW_ASSERT_OFFSET(gw_service, limit_source_bits, 72);

#endif
