/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copies of packets for a reader that wishes them (ebpf/abi/capture.h): what dataplane/worker/capture.cc does, one by
 * one. Nobody captures: one load and one branch a packet. Nothing that a reader wrote is believed. */
#ifndef GUIDEWAY_CAPTURE_BPF_H
#define GUIDEWAY_CAPTURE_BPF_H

#include "ebpf/fragment.bpf.h"

#define GW_CAPTURE_ROWS_A_RING (1 + GW_CAPTURE_SLOTS)

/* What is copied of one packet. */
struct gw_capturing {
  __u32 stages; /* that are wished; 0: nobody captures */
  __u32 copies; /* that are made, behind those that the reader may see */
};

GW_INLINE volatile struct gw_capture_wish* gw_capture_wish_of_reader(void) {
  __u32 first = 0;
  struct gw_xdp_capture_row* row = bpf_map_lookup_elem(&captures, &first);
  return row ? (void*)(row->bytes + sizeof(struct gw_capture_header)) : 0;
}

GW_INLINE struct gw_capturing gw_begin_capture(void) {
  struct gw_capturing capturing = {0};
  volatile struct gw_capture_wish* wish = gw_capture_wish_of_reader();
  if (!wish) return capturing;
  __u32 until_tick = wish->until_tick;
  if (until_tick == 0 || (__s32)(until_tick - gw_now_ticks()) <= 0) return capturing;
  capturing.stages = wish->stages;
  return capturing;
}

GW_INLINE volatile struct gw_capture_ring* gw_capture_ring_of(__u32 worker) {
  __u32 row = knobs.capture_rings_row + worker * GW_CAPTURE_ROWS_A_RING;
  return bpf_map_lookup_elem(&captures, &row);
}

GW_INLINE struct gw_capture_slot* gw_capture_slot_of(__u32 worker, __u64 number) {
  __u32 row = knobs.capture_rings_row + worker * GW_CAPTURE_ROWS_A_RING + 1 + (__u32)number % GW_CAPTURE_SLOTS;
  return bpf_map_lookup_elem(&captures, &row);
}

/* One copy more, unless the ring is full. */
static __noinline int gw_copy_packet(struct xdp_md* context, __u32 worker, __u32 stage,
                                     struct gw_capturing* capturing) {
  volatile struct gw_capture_ring* ring = gw_capture_ring_of(worker);
  if (!ring || !(capturing->stages & stage)) return 0;
  __u64 number = ring->written + capturing->copies;
  if (number - ring->read >= GW_CAPTURE_SLOTS) {
    ring->lost += 1;
    return 0;
  }
  struct gw_capture_slot* slot = gw_capture_slot_of(worker, number);
  __u32 length_bytes = (__u32)(context->data_end - context->data);
  __u32 captured_bytes = length_bytes < GW_CAPTURE_BYTES_MAX ? length_bytes : GW_CAPTURE_BYTES_MAX;
  asm volatile("" : "+r"(captured_bytes)); /* the verifier wants the bounds of this very register */
  if (!slot || captured_bytes < 1 || captured_bytes > GW_CAPTURE_BYTES_MAX) return 0;
  if (bpf_xdp_load_bytes(context, 0, slot->bytes, captured_bytes)) return 0;
  slot->time_ns = bpf_ktime_get_ns() + control.wall_offset_ns;
  slot->length_bytes = length_bytes;
  slot->captured_bytes = captured_bytes;
  slot->stage = (__u16)stage;
  capturing->copies += 1;
  return 1;
}

/* As it was received; one that a listener puts back was seen before. */
GW_INLINE void gw_capture_received(struct xdp_md* context, __u32 worker, struct gw_capturing* capturing) {
  if (!gw_put_back_exit(context)) gw_copy_packet(context, worker, GW_CAPTURE_RX, capturing);
}

GW_INLINE int gw_is_captured(__u32 service_id) {
  volatile struct gw_capture_wish* wish = gw_capture_wish_of_reader();
  if (!wish || !wish->of_services) return wish != 0;
  if (service_id >= knobs.services_max) return 0;
  __u32 offset = (__u32)(sizeof(struct gw_capture_header) + sizeof(struct gw_capture_wish)) + service_id / 64 * 8;
  __u32 row_number = offset / GW_CAPTURE_ROW_BYTES;
  struct gw_xdp_capture_row* row = bpf_map_lookup_elem(&captures, &row_number);
  return row && *(volatile __u64*)(row->bytes + (offset & (GW_CAPTURE_ROW_BYTES - 8))) >> service_id % 64 & 1;
}

/* Gives the reader the copies that are made, with what became of the packet. */
GW_INLINE void gw_show_copies(const struct gw_packet* packet, __u32 exit, const struct gw_capturing* capturing) {
  /* As in poll mode: only a first fragment, or a packet that is none, has a service. */
  __u32 service_id = packet->kind == GW_KIND_LATER_FRAGMENT ? GW_CAPTURE_NO_SERVICE : packet->service_id;
  volatile struct gw_capture_ring* ring = gw_capture_ring_of(packet->worker);
  if (!ring || !gw_is_captured(service_id)) return;
  __u64 number = ring->written;
  for (__u32 i = 0; i < 2; ++i) {
    struct gw_capture_slot* slot = gw_capture_slot_of(packet->worker, number);
    if (i >= capturing->copies || !slot) break;
    slot->exit = (__u16)exit;
    slot->service_id = service_id;
    slot->backend = packet->backend;
    ++number;
  }
  /* An exchange, which is a barrier: the reader sees whole copies. */
  __sync_lock_test_and_set(&ring->written, number);
}

/* As it leaves, and all of it to the reader. */
static __noinline int gw_end_capture(struct xdp_md* context, const struct gw_packet* packet, __u32 exit,
                                     struct gw_capturing* capturing) {
  __u32 stage = gw_exit_is_drop(exit) ? GW_CAPTURE_DROP : GW_CAPTURE_TX;
  if (exit != GW_EXIT_HELD) gw_copy_packet(context, packet->worker, stage, capturing);
  if (capturing->copies != 0) gw_show_copies(packet, exit, capturing);
  return 0;
}

#endif
