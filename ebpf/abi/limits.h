/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every maximum, with what it costs. A datapath may be started with smaller capacities, never with larger ones. */
#ifndef GUIDEWAY_ABI_LIMITS_H
#define GUIDEWAY_ABI_LIMITS_H

#include "ebpf/abi/portable.h"

/* Services (one address, port and protocol each): 64 bytes a row and 16 bytes of counters a worker. */
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
/* Flow time: ticks of 1/16 s in 28 bits, so deadlines reach 97 days ahead of now without ambiguity. */
#define GW_TICKS_PER_SECOND 16u
#define GW_IDLE_TIMEOUT_SECONDS_MAX 604800u

#endif
