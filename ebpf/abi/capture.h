/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copies of packets that a datapath makes for a reader while that reader wishes it; all in shared memory that both may
 * write, so neither believes the other.
 *
 *   gw_capture_header | gw_capture_wish | __u64 services[services_max / 64, rounded up]: a bit a service
 *   | for each worker, at rings_offset + number * ring_bytes: gw_capture_ring | gw_capture_slot[GW_CAPTURE_SLOTS]
 *
 * All of it comes in rows of GW_CAPTURE_ROW_BYTES, and no structure lies across two: in XDP it is an array of them. */
#ifndef GUIDEWAY_ABI_CAPTURE_H
#define GUIDEWAY_ABI_CAPTURE_H

#include "ebpf/abi/portable.h"

#define GW_CAPTURE_MAGIC 0x50414347u
#define GW_CAPTURE_SLOTS 512u /* a power of two */
#define GW_CAPTURE_BYTES_MAX 2016u
#define GW_CAPTURE_ROW_BYTES 2048u

enum gw_capture_stage {
  GW_CAPTURE_RX = 1,   /* as it was received */
  GW_CAPTURE_TX = 2,   /* as it leaves: to a backend, back to its sender, to the kernel */
  GW_CAPTURE_DROP = 4, /* as it was when a step dropped it */
};

struct gw_capture_header {
  __u32 magic;
  __u32 abi_version;
  __u32 worker_count;
  __u32 services_max;
  __u64 rings_offset;
  __u64 ring_bytes;
  __u8 zero[32];
};
GW_STATIC_ASSERT(sizeof(struct gw_capture_header) == 64, "capture header");

/* Written by the reader alone. */
struct gw_capture_wish {
  __u32 until_tick;  /* flow ticks: nobody captures from here on, whatever became of the reader; 0: nobody does */
  __u32 stages;      /* gw_capture_stage */
  __u32 of_services; /* 1: only packets of a service whose bit is set */
  __u8 zero[52];
};
GW_STATIC_ASSERT(sizeof(struct gw_capture_wish) == 64, "capture wish");

struct gw_capture_ring {
  __u64 written; /* slots filled since the start; by the worker */
  __u64 lost;    /* copies that found the ring full; by the worker */
  __u8 zero[112];
  __u64 read; /* slots taken since the start; by the reader */
  __u8 zero_too[1912];
};
GW_STATIC_ASSERT(sizeof(struct gw_capture_ring) == GW_CAPTURE_ROW_BYTES, "capture ring");

struct gw_capture_slot {
  __u64 time_ns; /* since 1970 */
  __u32 length_bytes;
  __u32 captured_bytes; /* of them, from the first byte on */
  __u32 service_id;     /* GW_CAPTURE_NO_SERVICE: none was found */
  __u32 backend;        /* index, if the exit is sent */
  __u16 stage;
  __u16 exit; /* enum gw_exit */
  __u32 zero;
  __u8 bytes[GW_CAPTURE_BYTES_MAX];
};
GW_STATIC_ASSERT(sizeof(struct gw_capture_slot) == GW_CAPTURE_ROW_BYTES, "capture slot");

/* The header of such memory for that many. */
GW_INLINE struct gw_capture_header gw_capture_header_for(__u32 services_max, __u32 worker_count) {
  struct gw_capture_header header = {0};
  __u64 begin_bytes =
      sizeof(struct gw_capture_header) + sizeof(struct gw_capture_wish) + ((__u64)services_max + 63) / 64 * 8;
  header.magic = GW_CAPTURE_MAGIC;
  header.abi_version = GW_ABI_VERSION;
  header.worker_count = worker_count;
  header.services_max = services_max;
  /* Pages of their own. */
  header.rings_offset = (begin_bytes + 4095) / 4096 * 4096;
  header.ring_bytes = sizeof(struct gw_capture_ring) + GW_CAPTURE_SLOTS * sizeof(struct gw_capture_slot);
  return header;
}

GW_INLINE __u64 gw_capture_memory_bytes(const struct gw_capture_header* header) {
  return header->rings_offset + header->ring_bytes * header->worker_count;
}

#define GW_CAPTURE_NO_SERVICE 0xffffffffu

#endif
