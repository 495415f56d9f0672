/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 2 of docs/packet-path.md, the second half: access lists and limits of new flows. */
#ifndef GUIDEWAY_ADMIT_BPF_H
#define GUIDEWAY_ADMIT_BPF_H

#include "ebpf/flow_table.bpf.h"
#include "ebpf/match_service.bpf.h"
#include "ebpf/parse.bpf.h"

GW_INLINE int gw_is_tcp_opener(const struct gw_packet* packet) {
  return packet->opens_flow && packet->flow.protocol == GW_TCP;
}

GW_INLINE int gw_is_denied(const struct gw_packet* packet, const struct gw_service* row) {
  struct gw_xdp_prefix_key prefix = {
      .bits = GW_XDP_PREFIX_BITS_BEFORE + gw_address_bits(packet->flow.family),
      .side = (__u8)packet->side,
      .family = packet->flow.family,
      .list = (__u16)row->access_list,
  };
  __builtin_memcpy(prefix.address, packet->flow.source, 16);
  const __u32* allows = bpf_map_lookup_elem(&access_prefixes, &prefix);
  return allows ? !*allows : (row->flags & GW_SERVICE_DENIES_BY_DEFAULT) != 0;
}

GW_INLINE int gw_take_source_token(const struct gw_packet* packet, const struct gw_service* row, __u32 now_ticks) {
  struct gw_hash_key hash_key = gw_key_of_side(packet->side);
  struct gw_source source = gw_mask_source(packet->flow.source, packet->flow.family, row->limit_source_bits);
  __u32 cell = (__u32)gw_hash_limit(&hash_key, &source, packet->flow.family, row->id) & (GW_LIMIT_CELLS - 1);
  __u32 at = packet->worker * GW_LIMIT_CELLS + cell;
  struct gw_bucket* bucket = bpf_map_lookup_elem(&limit_cells, &at);
  return bucket && gw_take_token(bucket, row->source_flow_rate, row->source_flow_burst, now_ticks);
}

GW_INLINE int gw_take_service_token(const struct gw_packet* packet, const struct gw_service* row, __u32 now_ticks) {
  __u32 at = packet->worker * knobs.services_max + row->id;
  struct gw_xdp_service_state* state = bpf_map_lookup_elem(&service_states, &at);
  return state && gw_take_token(&state->new_flows, row->flow_rate, row->flow_burst, now_ticks);
}

/* For a packet that opens a flow: a token of its source's, then one of the service's. */
static __noinline int gw_take_new_flow_tokens(const struct gw_packet* packet, const struct gw_service* row) {
  __u32 now_ticks = gw_now_ticks();
  if (row->source_flow_rate && !gw_take_source_token(packet, row, now_ticks)) return GW_EXIT_DROP_SOURCE_LIMITED;
  if (row->flow_rate && !gw_take_service_token(packet, row, now_ticks)) return GW_EXIT_DROP_RATE_LIMITED;
  return GW_EXIT_SENT;
}

/* Whether a packet of a guarded service may go on. A UDP packet takes its tokens later, if it is not remembered. */
__noinline int gw_admit(const struct gw_packet* packet, const struct gw_service* row) {
  if (!packet || !row) return GW_EXIT_DROP_ACCESS_DENIED;
  if (row->access_list && gw_is_denied(packet, row)) return GW_EXIT_DROP_ACCESS_DENIED;
  return gw_is_tcp_opener(packet) ? gw_take_new_flow_tokens(packet, row) : GW_EXIT_SENT;
}

#endif
