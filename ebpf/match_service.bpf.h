/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 2 of docs/packet-path.md, and the flow's hash. */
#ifndef GUIDEWAY_MATCH_SERVICE_BPF_H
#define GUIDEWAY_MATCH_SERVICE_BPF_H

#include "ebpf/maps.bpf.h"

/* The service, its exact port first; null if there is none. */
GW_INLINE const struct gw_xdp_service* gw_match_service(struct gw_packet* packet) {
  __u32 side = packet->side & 1;
  struct gw_xdp_service_key key = {
      .key = {.port_be16 = packet->flow.destination_port_be16,
              .protocol = packet->flow.protocol,
              .family = packet->flow.family},
      .side = side,
  };
  __builtin_memcpy(key.key.address, packet->flow.destination, 16);
  const struct gw_xdp_service* service = bpf_map_lookup_elem(&services, &key);
  if (!service && control.generations[side].any_port_exists) {
    key.key.port_be16 = 0;
    service = bpf_map_lookup_elem(&services, &key);
  }
  if (!service) return 0;
  struct gw_hash_key hash_key = {
      .k0 = control.generations[side].hash_key.k0,
      .k1 = control.generations[side].hash_key.k1,
  };
  packet->hash = gw_hash_flow(&hash_key, &packet->flow);
  return service;
}

#endif
