/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every maximum, with what it costs. A datapath may be started with smaller capacities, never with larger ones. */
#ifndef GUIDEWAY_ABI_LIMITS_H
#define GUIDEWAY_ABI_LIMITS_H

#include "ebpf/abi/portable.h"

/* Services (one address, port and protocol each): 128 bytes a row and 16 bytes of counters a worker. */
#define GW_SERVICES_MAX 65536u
/* Backends: 64 bytes a row, 8 bytes of health, 32 bytes of counters a worker; an index fits 24 bits of a flow entry. */
#define GW_BACKENDS_MAX 1048576u
/* Maglev tables of one snapshot: 8 bytes a slot, so 524 KB each at the default size. */
#define GW_TABLES_MAX 65536u
/* Slots of a table: a prime in this range. */
#define GW_TABLE_SLOTS_MIN 251u
#define GW_TABLE_SLOTS_MAX 5000011u
#define GW_TABLE_SLOTS_DEFAULT 65537u
/* Workers, ports, and the largest frame that the pipeline will touch. */
#define GW_WORKERS_MAX 64u
#define GW_PORTS_MAX 32u
#define GW_FRAME_BYTES_MAX 9728u
/* Bytes free in front of every received frame, so that an outer header never needs a copy. */
#define GW_HEADROOM_BYTES 128u
/* IPv6 extension headers walked before a packet counts as hostile. */
#define GW_EXTENSION_HEADERS_MAX 8u
/* Choosing a backend: further slots derived from the hash, then slots walked in order. */
#define GW_PROBES_DERIVED 7u
#define GW_PROBES_WALKED 256u
/* least-connections: the second slot is this derived one, which probing never uses. */
#define GW_SECOND_CHOICE 8u
/* Port ranges of one address (or prefix) and protocol: looked through one by one. */
#define GW_PORT_RANGES_MAX 16u
/* Access lists of a snapshot, and the prefixes of all of them: 24 bytes each. */
#define GW_ACCESS_LISTS_MAX 65535u
#define GW_ACCESS_PREFIXES_MAX 1048576u
/* Buckets for sources a worker, 8 bytes each: a power of two. */
#define GW_LIMIT_CELLS 65536u
/* Rates and bursts of new flows, so that a bucket never overflows 32 bits. */
#define GW_FLOW_RATE_MAX 100000000u
/* Fragments, a worker: how long a first one is remembered, how many are (32 bytes each); how long a later one waits for
 * its first, and how many do. */
#define GW_FRAGMENT_TICKS 32u
#define GW_FRAGMENTS_REMEMBERED_MAX 4096u
#define GW_FRAGMENT_HOLD_TICKS 4u
#define GW_FRAGMENTS_HELD_MAX 256u
#define GW_FRAGMENTS_HELD_BYTES_MAX 262144u
#define GW_FRAGMENTS_HELD_PER_SOURCE 16u
/* Bytes that an ICMP error of ours quotes: 576 and 1280 less its headers. */
#define GW_QUOTED_BYTES_IPV4 548u
#define GW_QUOTED_BYTES_IPV6 1232u
/* Flow time: ticks of 1/16 s in 28 bits, so deadlines reach 97 days ahead of now without ambiguity. */
#define GW_TICKS_PER_SECOND 16u
#define GW_IDLE_TIMEOUT_SECONDS_MAX 604800u

#endif
