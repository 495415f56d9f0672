/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Section 2 of docs/packet-path.md, and the flow's hash. What a generation does not have is not looked for. */
#ifndef GUIDEWAY_MATCH_SERVICE_BPF_H
#define GUIDEWAY_MATCH_SERVICE_BPF_H

#include <bpf/bpf_endian.h>

#include "ebpf/abi/source.h"
#include "ebpf/maps.bpf.h"

GW_INLINE struct gw_hash_key gw_key_of_side(__u32 side) {
  struct gw_hash_key key = {
      .k0 = control.generations[side & 1].hash_key.k0,
      .k1 = control.generations[side & 1].hash_key.k1,
  };
  return key;
}

/* The first port of the range that holds the key's port (`port_be16`); false if none does. */
GW_INLINE int gw_find_range(struct gw_xdp_service_key* key, __be16 port_be16) {
  key->port_be16 = 0;
  const struct gw_xdp_port_ranges* found = bpf_map_lookup_elem(&port_ranges, key);
  if (!found) return 0;
  __u16 port = bpf_ntohs(port_be16);
  for (__u32 i = 0; i < GW_PORT_RANGES_MAX; ++i) {
    if (i >= found->count) return 0;
    if (port < found->ranges[i].first || port > found->ranges[i].last) continue;
    key->port_be16 = bpf_htons(found->ranges[i].first);
    return 1;
  }
  return 0;
}

/* What `key` stands for beyond its exact port: a range, else any port. */
static __noinline const struct gw_xdp_service* gw_match_port(struct gw_xdp_service_key* key, __be16 port_be16,
                                                             __u32 features) {
  if (features & GW_XDP_HAS_RANGES && gw_find_range(key, port_be16)) {
    key->is_range = 1;
    const struct gw_xdp_service* service = bpf_map_lookup_elem(&services, key);
    key->is_range = 0;
    if (service) return service;
  }
  key->port_be16 = 0;
  return features & GW_XDP_HAS_ANY_PORT ? bpf_map_lookup_elem(&services, key) : 0;
}

/* The bits of the longest service prefix that holds the packet's destination, or null. */
static __noinline const __u32* gw_find_prefix(const struct gw_packet* packet) {
  struct gw_xdp_prefix_key prefix = {
      .bits = GW_XDP_PREFIX_BITS_BEFORE + gw_address_bits(packet->flow.family),
      .side = (__u8)packet->side,
      .family = packet->flow.family,
  };
  __builtin_memcpy(prefix.address, packet->flow.destination, 16);
  return bpf_map_lookup_elem(&service_prefixes, &prefix);
}

static __noinline const struct gw_xdp_service* gw_match_otherwise(const struct gw_packet* packet,
                                                                  struct gw_xdp_service_key* key, __u32 features) {
  __be16 port_be16 = packet->flow.destination_port_be16;
  const struct gw_xdp_service* service = gw_match_port(key, port_be16, features);
  if (service || !(features & GW_XDP_HAS_PREFIXES)) return service;
  const __u32* bits = gw_find_prefix(packet);
  if (!bits) return 0;
  struct gw_source masked = gw_mask_source(packet->flow.destination, packet->flow.family, *bits);
  __builtin_memcpy(key->address, masked.words, 16);
  key->prefix_bits = (__u8)*bits;
  key->port_be16 = port_be16;
  service = bpf_map_lookup_elem(&services, key);
  return service ? service : gw_match_port(key, port_be16, features);
}

/* A gw_xdp_service_key for the packet's exact address and port, in words. It is put together in registers: what is
 * stored in bytes and loaded in words at once stalls the processor. */
GW_INLINE void gw_service_words(const struct gw_packet* packet, __u64 words[3]) {
  int is_ipv4 = packet->flow.family == GW_FAMILY_IPV4;
  words[0] = is_ipv4 ? *(const __u32*)packet->flow.destination : *(const __u64*)packet->flow.destination;
  words[1] = is_ipv4 ? 0 : *(const __u64*)(packet->flow.destination + 8);
  words[2] = (__u64)packet->flow.destination_port_be16 | (__u64)packet->flow.protocol << 16 |
             (__u64)packet->flow.family << 24 | (__u64)gw_address_bits(packet->flow.family) << 32 |
             (__u64)(packet->side & 1) << 48;
}

/* What this CPU met last under keys that look like that one. */
GW_INLINE struct gw_xdp_met_service* gw_met_service_of(const __u64 words[3]) {
  __u64 mixed = (words[0] ^ words[1] ^ words[2]) * 0x9e3779b97f4a7c15ull;
  __u32 at = (__u32)(mixed >> (64 - GW_XDP_SERVICES_MET_BITS));
  return bpf_map_lookup_elem(&services_met, &at);
}

/* Looks the service up and puts it there. False if there is none. */
static __noinline int gw_meet_service(struct gw_xdp_met_service* met, const struct gw_packet* packet,
                                      const __u64* words) {
  struct gw_xdp_service_key key;
  __builtin_memcpy(&key, words, sizeof key);
  const struct gw_xdp_service* service = bpf_map_lookup_elem(&services, &key);
  __u32 features = control.generations[packet->side & 1].features;
  if (!service && features) service = gw_match_otherwise(packet, &key, features);
  if (!service) return 0;
  met->key[0] = words[0];
  met->key[1] = words[1];
  met->key[2] = words[2];
  met->serial = control.generations[packet->side & 1].serial;
  met->service = *service;
  return 1;
}

/* The service, its exact address and port first; null if there is none. */
GW_INLINE const struct gw_xdp_service* gw_match_service(struct gw_packet* packet) {
  __u64 words[3];
  gw_service_words(packet, words);
  struct gw_xdp_met_service* met = gw_met_service_of(words);
  if (!met) return 0; /* never, but the verifier wants to be told */
  __u64 difference = (met->key[0] ^ words[0]) | (met->key[1] ^ words[1]) | (met->key[2] ^ words[2]) |
                     (met->serial ^ control.generations[packet->side & 1].serial);
  if (difference != 0 && !gw_meet_service(met, packet, words)) return 0;
  const struct gw_xdp_service* service = &met->service;
  struct gw_hash_key hash_key = gw_key_of_side(packet->side);
  packet->hash = gw_hash_flow(&hash_key, &packet->flow);
  packet->service_id = service->row.id;
  packet->dscp = service->row.dscp;
  return service;
}

/* Whether the destination is an address of a service, whatever the port. */
static __noinline int gw_has_address(const struct gw_packet* packet) {
  struct gw_xdp_service_key key = {
      .family = packet->flow.family,
      .prefix_bits = gw_address_bits(packet->flow.family),
      .side = (__u8)packet->side,
  };
  __builtin_memcpy(key.address, packet->flow.destination, 16);
  if (bpf_map_lookup_elem(&service_addresses, &key)) return 1;
  if (!(control.generations[packet->side & 1].features & GW_XDP_HAS_PREFIXES)) return 0;
  return gw_find_prefix(packet) != 0;
}

#endif
