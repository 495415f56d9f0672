/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a snapshot and a table lie in the sealed memory that goes through the door.
 *
 *   snapshot: gw_snapshot_header | gw_service[service_count] | gw_backend[backend_count] | gw_table_ref[table_count]
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

struct gw_snapshot_header {
  __u32 magic;
  __u32 abi_version;
  __u64 generation; /* strictly rising */
  struct gw_hash_key hash_key;
  __u32 service_count;
  __u32 backend_count;
  __u32 table_count;
  __u32 zero;
};
GW_STATIC_ASSERT(sizeof(struct gw_snapshot_header) == 48, "snapshot header");
GW_ASSERT_OFFSET(gw_snapshot_header, generation, 8);
GW_ASSERT_OFFSET(gw_snapshot_header, hash_key, 16);
GW_ASSERT_OFFSET(gw_snapshot_header, service_count, 32);

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
