/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the XDP program and its loader share beyond the ABI: map keys and values, knobs and the control block.
 *
 * A snapshot lies in the maps on one of two sides. The loader fills the side that no packet reads, then stores its
 * number into gw_xdp_control.side: a packet loads that word once and so sees one generation, whole. */
#ifndef GUIDEWAY_XDP_LAYOUT_H
#define GUIDEWAY_XDP_LAYOUT_H

#include "ebpf/abi/backend.h"
#include "ebpf/abi/bucket.h"
#include "ebpf/abi/capture.h"
#include "ebpf/abi/counters.h"
#include "ebpf/abi/flow.h"
#include "ebpf/abi/flow_key.h"
#include "ebpf/abi/fragment.h"
#include "ebpf/abi/service.h"
#include "ebpf/abi/slot.h"

#define GW_XDP_SIDES 2u
#define GW_XDP_LINE_BYTES 64u
/* As in dataplane/forwarding/fragment_table.cc. */
#define GW_XDP_FRAGMENT_BUCKETS (GW_FRAGMENTS_REMEMBERED_MAX / GW_FRAGMENTS_PER_BUCKET)
/* The longest frame that a program is shown in one buffer: a page less head and tail room. */
#define GW_XDP_FRAME_BYTES_MAX (4096u - 256u - 320u)

/* gw_service_key, but for what it has zeros for. A range is marked, so that it may begin where an exact port has a
 * service of its own. */
struct gw_xdp_service_key {
  __u8 address[16];
  __be16 port_be16;
  __u8 protocol;
  __u8 family;
  __u8 prefix_bits;
  __u8 is_range;
  __u8 side;
  __u8 zero;
};
GW_STATIC_ASSERT(sizeof(struct gw_xdp_service_key) == sizeof(struct gw_service_key), "map keys have no padding");

/* Rates and bursts of the row are those of one worker. */
struct gw_xdp_service {
  __u32 table_handle; /* position of its table in the map of tables */
  __u32 slot_count;
  __u32 is_guarded; /* it has an access list or limits new flows */
  __u32 zero;
  struct gw_service row;
};

/* A service that a CPU met lately, by where its packets went: found without a call. Holds for one generation. */
struct gw_xdp_met_service {
  __u64 key[sizeof(struct gw_xdp_service_key) / 8];
  __u64 serial; /* of the generation */
  struct gw_xdp_service service;
};
#define GW_XDP_SERVICES_MET_BITS 8u

struct gw_xdp_port_range {
  __u16 first; /* in host order */
  __u16 last;
};

/* All ranges of one address or prefix and protocol: under the key of port 0. */
struct gw_xdp_port_ranges {
  __u32 count;
  struct gw_xdp_port_range ranges[GW_PORT_RANGES_MAX];
};

/* Of service prefixes (list 0) and access lists, in tries: the kernel compares the first `bits` bits behind it. */
struct gw_xdp_prefix_key {
  __u32 bits; /* 32 more than those of the address */
  __u8 side;
  __u8 family;
  __u16 list;
  __u8 address[16];
};
GW_STATIC_ASSERT(sizeof(struct gw_xdp_prefix_key) == 24, "map keys have no padding");
#define GW_XDP_PREFIX_BITS_BEFORE 32u

/* What one worker keeps of a service. */
struct gw_xdp_service_state {
  struct gw_bucket new_flows;
  __u32 cursor; /* round-robin */
  __u32 zero;
};

enum gw_xdp_answer { GW_XDP_ECHO = 0, GW_XDP_TOO_BIG = 1, GW_XDP_REJECT = 2, GW_XDP_ANSWERS = 3 };

/* One worker's buckets of answers, its random state, and its flow filter: how many entries it holds under 17 bits of
 * the hash. */
struct gw_xdp_worker {
  __u32 held;
  __u32 sweep_cursor;
  __u64 random_state;
  __u32 sent_up;      /* fragments that a listener was given to hold, ever */
  __u32 sent_up_tick; /* when the last of them was */
  struct gw_bucket answers[GW_XDP_ANSWERS];
  __u16 filter[GW_FLOW_FILTER_CELLS];
};

/* How many entries all workers hold in a cell of the filter: where that is more than a worker's own filter has,
 * others hold some. */
struct gw_xdp_shared_filter {
  __u32 held[GW_FLOW_FILTER_CELLS];
};

/* The counters (ebpf/abi/counters.h) by cache lines: every structure there lies within lines of this size. */
struct gw_xdp_line {
  __u64 words[8];
};

/* ebpf/abi/capture.h, by rows. */
struct gw_xdp_capture_row {
  __u8 bytes[GW_CAPTURE_ROW_BYTES];
};

/* The kernel's clock as it was at that jiffy: it moves no faster. One a CPU. */
struct gw_xdp_clock {
  __u64 jiffies;
  __u32 now_ticks;
  __u32 zero;
};

/* Room for what must be summed up or looked through byte by byte. One a CPU. */
struct gw_xdp_scratch {
  __u8 bytes[4096];
};

/* Read-only data: set once before the program is loaded, so that the verifier removes what they switch off. */
struct gw_xdp_knobs {
  __u32 services_max;
  __u32 backends_max;
  __u32 bucket_count;        /* flow buckets a worker */
  __u32 worker_count;        /* worker = CPU number; above this, worker 0 (a replay has one worker on any CPU) */
  __u32 worker_stride_lines; /* gw_counters_header.worker_stride_bytes in lines */
  __u32 capture_rings_row;   /* gw_capture_header.rings_offset in rows */
  __u8 ticks_are_given;      /* the time is gw_xdp_control.now_ticks instead of the kernel's clock */
  __u8 decision_is_told;     /* every packet's decision is written to gw_xdp_decision */
  __u8 egress_by_port;       /* redirect to the backend's port; else back out of the interface it came from */
  __u8 holds_fragments;      /* enum gw_xdp_holding */
  __u8 flows_wander;         /* packets of a flow may come in on another CPU than those before */
  __u8 zero[3];
};

/* Who holds fragments that come before their first. */
enum gw_xdp_holding {
  GW_XDP_NOBODY_HOLDS = 0,
  GW_XDP_CALLER_HOLDS = 1,   /* whoever runs the program packet by packet: it sees GW_EXIT_HELD */
  GW_XDP_LISTENER_HOLDS = 2, /* whoever reads gw_xdp_fragment_event from the ring buffer */
};

/* What a listener is told, in the order of the packets of a worker: a fragment to hold, with its frame, or that a first
 * one was learned. It puts a fragment back by running the program on it. Four bytes of metadata in front of it are the
 * exit that it gets if there is no entry for it even then. */
struct gw_xdp_fragment_event {
  __u64 key;
  __u32 worker;
  __u32 ingress_ifindex;
  __u32 frame_bytes; /* that follow; 0: a first fragment was learned */
  __u32 family;
  __u8 source[16];
};
GW_STATIC_ASSERT(sizeof(struct gw_xdp_fragment_event) == 40, "fragment event");

/* What a generation has: what it has not is not looked for. */
enum gw_xdp_features {
  GW_XDP_HAS_ANY_PORT = 1,
  GW_XDP_HAS_RANGES = 2,
  GW_XDP_HAS_PREFIXES = 4,
};

struct gw_xdp_generation {
  struct gw_hash_key hash_key;
  __u32 features; /* enum gw_xdp_features */
  __u32 echo_to_kernel;
  __u32 answer_rates[GW_XDP_ANSWERS]; /* of one worker */
  __u32 serial;                       /* another one for each generation; 0 before the first */
};

struct gw_xdp_control {
  struct gw_xdp_generation generations[GW_XDP_SIDES];
  __u32 side;
  __u32 now_ticks;
  __u64 wall_offset_ns; /* from the kernel's monotonic clock to the time since 1970: for copies of packets */
};

/* What parsing found a packet to be. */
enum gw_xdp_kind {
  GW_KIND_FLOW = 0, /* of a TCP or UDP flow, whole */
  GW_KIND_FIRST_FRAGMENT = 1,
  GW_KIND_LATER_FRAGMENT = 2,
  GW_KIND_ICMP = 3,
  GW_KIND_ABOUT = 4, /* an ICMP error about the flow that `flow` names */
};

/* What became of the last packet, for replay and tests. */
struct gw_xdp_decision {
  __u64 hash;
  __u64 fragment_key; /* of a fragment that is held, or of a first one that was learned */
  __u32 backend;
  __u32 exit; /* enum gw_exit */
  __u32 is_learned;
  __u16 family;
  __u16 kind;      /* enum gw_xdp_kind */
  __u8 source[16]; /* fragments are held for each source */
};

#endif
