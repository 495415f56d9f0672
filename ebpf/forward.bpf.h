/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 4 of docs/packet-path.md: hands the packet to its backend. */
#ifndef GUIDEWAY_FORWARD_BPF_H
#define GUIDEWAY_FORWARD_BPF_H

#include "ebpf/rewrite.bpf.h"

/* The frame as it came but for its Ethernet header, which grows or shrinks by a VLAN tag. Padding stays. */
GW_INLINE int gw_readdress(struct xdp_md* context, struct gw_packet* packet, const struct gw_backend* backend) {
  __u32 ethernet_bytes = gw_ethernet_bytes(backend);
  if (ethernet_bytes != packet->ip_offset) {
    if (bpf_xdp_adjust_head(context, (int)packet->ip_offset - (int)ethernet_bytes)) return GW_EXIT_DROP_NO_HEADROOM;
    packet->frame_bytes += ethernet_bytes - packet->ip_offset;
  }
  void* frame = (void*)(long)context->data;
  void* end = (void*)(long)context->data_end;
  int is_ipv4 = packet->flow.family == GW_FAMILY_IPV4;
  return gw_write_ethernet(frame, end, packet, backend, is_ipv4) ? GW_EXIT_SENT : GW_EXIT_DROP_FRAME_TRUNCATED;
}

GW_INLINE int gw_announces_mss(const struct gw_packet* packet, const struct gw_backend* backend) {
  return packet->tcp_flags & GW_TCP_SYN && backend->flags & GW_BACKEND_CLAMPS_MSS && packet->kind == GW_KIND_FLOW;
}

/* What is left of the egress MTU for a segment; 0 if nothing is. */
GW_INLINE __u32 gw_mss_max(const struct gw_packet* packet, const struct gw_backend* backend) {
  __u32 taken =
      gw_overhead(backend) + 20 + (packet->flow.family == GW_FAMILY_IPV4 ? GW_IPV4_HEADER_BYTES : GW_IPV6_HEADER_BYTES);
  return backend->mtu_bytes > taken ? backend->mtu_bytes - taken : 0;
}

GW_INLINE int gw_forward(struct xdp_md* context, struct gw_packet* packet, const struct gw_backend* backend) {
  if (!(backend->flags & GW_BACKEND_RESOLVED)) return GW_EXIT_DROP_UNRESOLVED;
  if (backend->forward == GW_FORWARD_L2)
    return packet->ip_bytes > backend->mtu_bytes ? GW_EXIT_DROP_TOO_BIG : gw_readdress(context, packet, backend);
  int is_l3dsr = backend->forward == GW_FORWARD_L3DSR;
  if (is_l3dsr && backend->family != packet->flow.family) return GW_EXIT_DROP_UNRESOLVED;
  if (packet->ip_bytes + gw_overhead(backend) > backend->mtu_bytes) return GW_EXIT_DROP_TOO_BIG;
  if (gw_is_tunnel(backend->forward)) {
    __u32 mss_max = gw_announces_mss(packet, backend) ? gw_mss_max(packet, backend) : 0;
    if (mss_max != 0) gw_clamp_mss(context, packet, mss_max);
    return gw_is_plain_tunnel(packet, backend) ? gw_encapsulate_plainly(context, packet, backend)
                                               : gw_encapsulate(context, packet, backend);
  }
  gw_rewrite_for_l3dsr(context, packet, backend);
  return gw_readdress(context, packet, backend);
}

#endif
