/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a snapshot and a table lie in the staging memory through which they go to a datapath.
 *
 *   snapshot: gw_snapshot_header | gw_service[service_count] | gw_backend[backend_count] | gw_table_ref[table_count]
 *             | gw_access_prefix[access_prefix_count]
 *   table:    gw_table_header | gw_slot[slot_count]
 *
 * A table is sent once and named by its id in every later snapshot that uses it. The datapath copies both and
 * checks every count, index and enumerator before a worker may see them. */
#ifndef GUIDEWAY_ABI_SNAPSHOT_H
#define GUIDEWAY_ABI_SNAPSHOT_H

#include "ebpf/abi/backend.h"
#include "ebpf/abi/service.h"
#include "ebpf/abi/siphash.h"
#include "ebpf/abi/slot.h"

#define GW_SNAPSHOT_MAGIC 0x534e4757u /* "WGNS" in memory */
#define GW_TABLE_MAGIC 0x42544757u

enum gw_snapshot_flags {
  GW_SNAPSHOT_ECHO_TO_KERNEL = 1, /* echo requests to service addresses are not answered but passed on */
  GW_SNAPSHOT_FLAGS = 1,
};

/* Answers a second that a datapath gives, and as many at once; 0: none. */
struct gw_answer_rates {
  __u32 echo;
  __u32 too_big;
  __u32 reject;
};

struct gw_snapshot_header {
  __u32 magic;
  __u32 abi_version;
  __u64 generation; /* strictly rising */
  struct gw_hash_key hash_key;
  __u32 service_count;
  __u32 backend_count;
  __u32 table_count;
  __u32 access_prefix_count;
  struct gw_answer_rates answers;
  __u32 flags; /* enum gw_snapshot_flags */
};
GW_STATIC_ASSERT(sizeof(struct gw_snapshot_header) == 64, "snapshot header");
GW_ASSERT_OFFSET(gw_snapshot_header, generation, 8);
GW_ASSERT_OFFSET(gw_snapshot_header, hash_key, 16);
GW_ASSERT_OFFSET(gw_snapshot_header, service_count, 32);
GW_ASSERT_OFFSET(gw_snapshot_header, answers, 48);

/* One line of an access list. The longest prefix that holds a source decides about it. */
struct gw_access_prefix {
  __u8 address[16]; /* host bits zero */
  __u32 list;       /* 1 to GW_ACCESS_LISTS_MAX; a list may hold both families, each prefix once */
  __u8 family;      /* 4 or 6 */
  __u8 bits;        /* 0 to 32 or 128 */
  __u8 allows;      /* 1: allowed, 0: denied */
  __u8 zero;
};
GW_STATIC_ASSERT(sizeof(struct gw_access_prefix) == 24, "access prefix");

struct gw_table_ref {
  __u64 table_id; /* not 0 */
};

struct gw_table_header {
  __u32 magic;
  __u32 abi_version;
  __u64 table_id;   /* never used twice for different contents while a datapath lives */
  __u32 slot_count; /* a prime */
  __u32 zero;
};
GW_STATIC_ASSERT(sizeof(struct gw_table_header) == 24, "table header");

#endif
