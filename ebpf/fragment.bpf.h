/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 5 of docs/packet-path.md: what became of first fragments, and later ones that follow. A program cannot hold a
 * packet: a fragment that comes before its first gets GW_EXIT_HELD, and user space holds it. */
#ifndef GUIDEWAY_FRAGMENT_BPF_H
#define GUIDEWAY_FRAGMENT_BPF_H

#include "ebpf/flow_table.bpf.h"
#include "ebpf/match_service.bpf.h"

/* The exit that a listener has put in front of a fragment that it held; 0 for a packet from the wire. */
GW_INLINE __u32 gw_put_back_exit(struct xdp_md* context) {
  __u32* mark = (void*)(long)context->data_meta;
  if ((void*)(mark + 1) > (void*)(long)context->data) return 0;
  return *mark == GW_EXIT_DROP_FRAGMENTS_FULL ? GW_EXIT_DROP_FRAGMENTS_FULL : GW_EXIT_DROP_FRAGMENT;
}

GW_INLINE void gw_describe_fragment(struct gw_xdp_fragment_event* event, const struct gw_packet* packet) {
  event->key = packet->fragment_key;
  event->worker = packet->worker;
  event->family = packet->flow.family;
  __builtin_memcpy(event->source, packet->flow.source, 16);
}

/* Gives a listener the fragment to hold. */
GW_INLINE int gw_send_up(struct xdp_md* context, const struct gw_packet* packet) {
  struct gw_xdp_worker* state = gw_worker_of(packet->worker);
  struct gw_xdp_scratch* room = gw_scratch();
  __u32 frame_bytes = packet->received_bytes;
  if (!state || !room || frame_bytes < 1 || frame_bytes > GW_XDP_FRAME_BYTES_MAX) return GW_EXIT_DROP_FRAGMENTS_FULL;
  struct gw_xdp_fragment_event* event = (void*)room->bytes;
  gw_describe_fragment(event, packet);
  event->ingress_ifindex = context->ingress_ifindex;
  event->frame_bytes = frame_bytes;
  if (bpf_xdp_load_bytes(context, 0, room->bytes + sizeof *event, frame_bytes)) return GW_EXIT_DROP_FRAGMENTS_FULL;
  if (bpf_ringbuf_output(&fragment_events, room->bytes, sizeof *event + frame_bytes, 0))
    return GW_EXIT_DROP_FRAGMENTS_FULL;
  state->sent_up += 1;
  state->sent_up_tick = gw_now_ticks();
  return GW_EXIT_HELD;
}

GW_INLINE int gw_hold_fragment(struct xdp_md* context, const struct gw_packet* packet) {
  __u32 put_back_exit = gw_put_back_exit(context);
  if (put_back_exit) return (int)put_back_exit;
  if (knobs.holds_fragments == GW_XDP_CALLER_HOLDS) return GW_EXIT_HELD;
  return knobs.holds_fragments == GW_XDP_LISTENER_HOLDS ? gw_send_up(context, packet) : GW_EXIT_DROP_FRAGMENT;
}

/* Tells the listener that a first fragment came, if something may wait for it. */
GW_INLINE void gw_tell_learned(const struct gw_packet* packet, __u32 now_ticks) {
  struct gw_xdp_worker* state = gw_worker_of(packet->worker);
  if (!state || state->sent_up == 0 || now_ticks - state->sent_up_tick > 2 * GW_FRAGMENT_HOLD_TICKS) return;
  struct gw_xdp_fragment_event event = {0};
  gw_describe_fragment(&event, packet);
  bpf_ringbuf_output(&fragment_events, &event, sizeof event, 0);
}

GW_INLINE void gw_set_fragment_key(struct gw_packet* packet) {
  struct gw_hash_key hash_key = gw_key_of_side(packet->side);
  __u64 key = gw_hash_fragment(&hash_key, &packet->flow, packet->identification);
  packet->fragment_key = key == 0 ? 1 : key;
}

GW_INLINE struct gw_fragment_bucket* gw_fragment_bucket_of(const struct gw_packet* packet) {
  __u32 at = packet->worker * GW_XDP_FRAGMENT_BUCKETS + ((__u32)packet->fragment_key & (GW_XDP_FRAGMENT_BUCKETS - 1));
  return bpf_map_lookup_elem(&fragments, &at);
}

GW_INLINE __u32 gw_fragment_remaining_ticks(const struct gw_fragment_entry* entry, __u32 now_ticks) {
  __u32 ahead = entry->deadline_tick - now_ticks;
  return entry->key != 0 && ahead <= GW_FRAGMENT_TICKS ? ahead : 0;
}

/* The place of a former entry of that key, else that of the entry which ends first. */
GW_INLINE __u32 gw_fragment_place(const struct gw_fragment_bucket* bucket, __u64 key, __u32 now_ticks) {
  __u32 place = 0;
  for (__u32 i = 0; i < GW_FRAGMENTS_PER_BUCKET; ++i) {
    if (bucket->entries[i].key == key) return i;
    if (gw_fragment_remaining_ticks(&bucket->entries[i], now_ticks) <
        gw_fragment_remaining_ticks(&bucket->entries[place & (GW_FRAGMENTS_PER_BUCKET - 1)], now_ticks))
      place = i;
  }
  return place;
}

/* Remembers what became of a first fragment to an address of a service. */
__noinline int gw_learn_fragment(struct gw_packet* packet, __u32 exit) {
  if (!packet || (exit == GW_EXIT_KERNEL_NO_SERVICE && !gw_has_address(packet))) return 0;
  gw_set_fragment_key(packet);
  struct gw_fragment_bucket* bucket = gw_fragment_bucket_of(packet);
  if (!bucket) return 0;
  __u32 now_ticks = gw_now_ticks();
  __u32 generation = exit == GW_EXIT_SENT ? gw_health_generation(gw_health_load(packet->backend)) : 0;
  __u32 place = gw_fragment_place(bucket, packet->fragment_key, now_ticks) & (GW_FRAGMENTS_PER_BUCKET - 1);
  struct gw_fragment_entry* entry = &bucket->entries[place];
  entry->key = packet->fragment_key;
  entry->flow_hash = packet->hash;
  entry->backend = packet->backend << 8 | (generation & 0xff);
  entry->service_id = packet->service_id;
  entry->deadline_tick = now_ticks + GW_FRAGMENT_TICKS;
  entry->exit = (__u8)exit;
  entry->dscp = packet->dscp;
  packet->is_learned = 1;
  if (knobs.holds_fragments == GW_XDP_LISTENER_HOLDS) gw_tell_learned(packet, now_ticks);
  return 1;
}

GW_INLINE const struct gw_fragment_entry* gw_find_fragment(const struct gw_packet* packet) {
  struct gw_fragment_bucket* bucket = gw_fragment_bucket_of(packet);
  if (!bucket) return 0;
  __u32 now_ticks = gw_now_ticks();
  for (__u32 i = 0; i < GW_FRAGMENTS_PER_BUCKET; ++i) {
    const struct gw_fragment_entry* entry = &bucket->entries[i];
    if (entry->key == packet->fragment_key && gw_fragment_remaining_ticks(entry, now_ticks) != 0) return entry;
  }
  return 0;
}

/* A later fragment: GW_EXIT_SENT if it goes where its first went. */
__noinline int gw_follow_first(struct xdp_md* context, struct gw_packet* packet) {
  if (!packet || !gw_has_address(packet)) return GW_EXIT_KERNEL_NO_SERVICE;
  gw_set_fragment_key(packet);
  const struct gw_fragment_entry* entry = gw_find_fragment(packet);
  if (!entry) return gw_hold_fragment(context, packet);
  if (gw_exit_is_kernel(entry->exit)) return GW_EXIT_KERNEL_NO_SERVICE;
  if (entry->exit != GW_EXIT_SENT) return GW_EXIT_DROP_FRAGMENT;
  __u64 word = gw_health_load(entry->backend >> 8);
  if ((gw_health_generation(word) & 0xff) != (entry->backend & 0xff)) return GW_EXIT_DROP_FRAGMENT;
  if (gw_health_state_of(word) == GW_HEALTH_ABSENT) return GW_EXIT_DROP_FRAGMENT;
  packet->backend = entry->backend >> 8;
  packet->hash = entry->flow_hash;
  packet->service_id = entry->service_id;
  packet->dscp = entry->dscp;
  return GW_EXIT_SENT;
}

#endif
