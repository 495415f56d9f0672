/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the XDP program and its loader share beyond the ABI: map values, knobs and the control block.
 *
 * A snapshot lies in the maps on one of two sides. The loader fills the side that no packet reads, then stores its
 * number into gw_xdp_control.side: a packet loads that word once and so sees one generation, whole. */
#ifndef GUIDEWAY_XDP_LAYOUT_H
#define GUIDEWAY_XDP_LAYOUT_H

#include "ebpf/abi/backend.h"
#include "ebpf/abi/counters.h"
#include "ebpf/abi/flow.h"
#include "ebpf/abi/flow_key.h"
#include "ebpf/abi/service.h"
#include "ebpf/abi/slot.h"

#define GW_XDP_SIDES 2u
#define GW_XDP_FILTER_SIZE 16384u /* as in dataplane/forwarding/flow_table.hh */
#define GW_XDP_LINE_BYTES 64u

struct gw_xdp_service_key {
  struct gw_service_key key;
  __u32 side;
};
GW_STATIC_ASSERT(sizeof(struct gw_xdp_service_key) == 24, "map keys have no padding");

struct gw_xdp_service {
  struct gw_service row;
  __u32 table_handle; /* position of its table in the map of tables */
  __u32 slot_count;
};

/* One worker's flow filter: how many entries it holds under 14 bits of the hash. */
struct gw_xdp_worker {
  __u32 held;
  __u32 sweep_cursor;
  __u16 filter[GW_XDP_FILTER_SIZE];
};

/* The counters (ebpf/abi/counters.h) by cache lines: every structure there lies within lines of this size. */
struct gw_xdp_line {
  __u64 words[8];
};

/* Read-only data: set once before the program is loaded, so that the verifier removes what they switch off. */
struct gw_xdp_knobs {
  __u32 services_max;
  __u32 backends_max;
  __u32 bucket_mask;         /* flow buckets a worker, less one: a power of two of them */
  __u32 worker_count;        /* worker = CPU number; above this, worker 0 (a replay has one worker on any CPU) */
  __u32 worker_stride_lines; /* gw_counters_header.worker_stride_bytes in lines */
  __u8 ticks_are_given;      /* the time is gw_xdp_control.now_ticks instead of the kernel's clock */
  __u8 decision_is_told;     /* every packet's decision is written to gw_xdp_decision */
  __u8 egress_by_port;       /* redirect to the backend's port; else back out of the interface it came from */
  __u8 zero;
};

struct gw_xdp_generation {
  struct gw_hash_key hash_key;
  __u32 any_port_exists; /* some service is for any port: worth a second look-up */
  __u32 zero;
};

struct gw_xdp_control {
  struct gw_xdp_generation generations[GW_XDP_SIDES];
  __u32 side;
  __u32 now_ticks;
};

/* What became of the last packet, for replay and tests. */
struct gw_xdp_decision {
  __u64 hash;
  __u32 backend;
  __u32 exit; /* enum gw_exit */
};

#endif
