/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every map of the datapath, its knobs and its control block. The loader sets the sizes that are 1 here. */
#ifndef GUIDEWAY_MAPS_BPF_H
#define GUIDEWAY_MAPS_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "ebpf/layout.h"

const volatile struct gw_xdp_knobs knobs = {0};
volatile struct gw_xdp_control control = {0};
struct gw_xdp_decision decision = {0};

/* Both sides of the snapshot: twice services_max. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct gw_xdp_service_key);
  __type(value, struct gw_xdp_service);
} services SEC(".maps");

/* Addresses of services, whatever their ports (port and protocol 0): for what has no port. Prefixes are not here. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct gw_xdp_service_key);
  __type(value, __u32);
} service_addresses SEC(".maps");

/* Address and protocol (port 0) -> the ranges of ports there. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct gw_xdp_service_key);
  __type(value, struct gw_xdp_port_ranges);
} port_ranges SEC(".maps");

/* Prefixes of services -> how many bits they have. */
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1);
  __type(key, struct gw_xdp_prefix_key);
  __type(value, __u32);
} service_prefixes SEC(".maps");

/* Lines of access lists -> whether they allow. */
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, GW_XDP_SIDES* GW_ACCESS_PREFIXES_MAX);
  __type(key, struct gw_xdp_prefix_key);
  __type(value, __u32);
} access_prefixes SEC(".maps");

/* side * backends_max + index */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_backend);
} backends SEC(".maps");

struct gw_xdp_table {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_slot);
};

/* Maglev tables by handle; each has its own number of slots. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, GW_TABLES_MAX);
  __type(key, __u32);
  __array(values, struct gw_xdp_table);
} tables SEC(".maps");

/* Health words by backend index; the control plane is the only writer. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} health SEC(".maps");

/* ebpf/abi/counters.h, by lines. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_xdp_line);
} counters SEC(".maps");

/* Copies of packets for whoever wishes them. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_xdp_capture_row);
} captures SEC(".maps");

/* worker * buckets a worker + bucket */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_flow_bucket);
} flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_xdp_worker);
} workers SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_xdp_shared_filter);
} shared_filter SEC(".maps");

/* worker * services_max + service id */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_xdp_service_state);
} service_states SEC(".maps");

/* worker * GW_LIMIT_CELLS + cell: the buckets of sources. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_bucket);
} limit_cells SEC(".maps");

/* worker * GW_XDP_FRAGMENT_BUCKETS + bucket */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_fragment_bucket);
} fragments SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_xdp_scratch);
} scratch SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1u << GW_XDP_SERVICES_MET_BITS);
  __type(key, __u32);
  __type(value, struct gw_xdp_met_service);
} services_met SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct gw_xdp_clock);
} clocks SEC(".maps");

/* gw_xdp_fragment_event, for a listener that holds fragments. */
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} fragment_events SEC(".maps");

/* The datapath's port number -> interface. */
struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP);
  __uint(max_entries, GW_PORTS_MAX);
  __type(key, __u32);
  __type(value, __u32);
} ports SEC(".maps");

/* A packet on its way through the steps. */
struct gw_packet {
  struct gw_flow_key flow; /* of a later fragment: addresses, family and protocol only */
  __u64 hash;
  __u64 fragment_key;
  __u32 received_bytes;
  __u32 frame_bytes; /* as it leaves */
  __u32 worker;
  __u32 side;
  __u32 backend;
  __u32 service_id;     /* GW_CAPTURE_NO_SERVICE until one is found */
  __u32 identification; /* of fragments, as the machine loads it */
  __u16 ip_bytes;       /* header and payload, by the IP header */
  __u16 l4_offset;      /* from the beginning of the frame */
  __be16 tag_be16;      /* control information of the received VLAN tag; 0 without one */
  __u8 ip_offset;       /* 14, or 18 behind a tag */
  __u8 kind;            /* enum gw_xdp_kind */
  __u8 protocol;        /* of the packet itself: of an ICMP error not what `flow` says */
  __u8 tcp_flags;       /* 0 for all but TCP */
  __u8 opens_flow;
  __u8 dscp; /* of the service, for l3dsr */
  __u8 is_learned;
  __u8 is_plain;    /* its slot was a plain one */
  __u8 is_recalled; /* its worker was asked already, and does not remember it */
  __u8 zero;
} __attribute__((aligned(8)));
GW_STATIC_ASSERT(sizeof(struct gw_packet) == 104, "what is not initialised cannot be handed to functions");

GW_INLINE __u64 gw_health_load(__u32 backend) {
  volatile __u64* word = bpf_map_lookup_elem(&health, &backend);
  return word ? *word : 0;
}

/* The line of a worker's counter block in which `offset_bytes` lies. */
GW_INLINE struct gw_xdp_line* gw_counter_line(__u32 worker, __u32 offset_bytes) {
  __u32 line = (__u32)(sizeof(struct gw_counters_header) / GW_XDP_LINE_BYTES) + worker * knobs.worker_stride_lines +
               offset_bytes / GW_XDP_LINE_BYTES;
  return bpf_map_lookup_elem(&counters, &line);
}

/* services_max is a multiple of four here, so that no structure lies across two lines. */
GW_INLINE struct gw_service_counters* gw_service_counters_of(__u32 worker, __u32 service) {
  __u32 offset = (__u32)sizeof(struct gw_worker_counters) + service * (__u32)sizeof(struct gw_service_counters);
  struct gw_xdp_line* line = gw_counter_line(worker, offset);
  return line ? (struct gw_service_counters*)line + service % 4 : 0;
}

GW_INLINE struct gw_backend_counters* gw_backend_counters_of(__u32 worker, __u32 backend) {
  __u32 offset = (__u32)sizeof(struct gw_worker_counters) +
                 knobs.services_max * (__u32)sizeof(struct gw_service_counters) +
                 backend * (__u32)sizeof(struct gw_backend_counters);
  if (backend >= knobs.backends_max) return 0;
  struct gw_xdp_line* line = gw_counter_line(worker, offset);
  return line ? (struct gw_backend_counters*)line + backend % 2 : 0;
}

/* Adds to one of the worker's own counters. */
#define GW_WORKER_COUNT(worker, field, amount)                                                                         \
  do {                                                                                                                 \
    struct gw_xdp_line* line_ = gw_counter_line(worker, __builtin_offsetof(struct gw_worker_counters, field));         \
    if (line_) line_->words[__builtin_offsetof(struct gw_worker_counters, field) % GW_XDP_LINE_BYTES / 8] += (amount); \
  } while (0)

#endif
