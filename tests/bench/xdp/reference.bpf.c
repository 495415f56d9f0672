// SPDX-License-Identifier: Apache-2.0
// What the program is compared with: the least that an XDP balancer does which keeps every flow in the kernel's own
// LRU hash. IPv4 TCP without options, no checks of its length, no health, no generations, no fragments, one way of
// forwarding (IPIP), a hash of two multiplications. So it is a lower bound of such balancers, not one of them.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tests/bench/xdp/reference.h"

#define INLINE static inline __attribute__((always_inline))

char licence[] SEC("license") = "Dual BSD/GPL";

__u64 flows_inserted = 0;

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16);
  __type(key, struct gw_bench_service_key);
  __type(value, __u32);
} services SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1);
  __type(key, struct gw_bench_reference_flow);
  __type(value, __u32); /* backend */
} flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, GW_TABLE_SLOTS_DEFAULT);
  __type(key, __u32);
  __type(value, __u32); /* backend */
} slots SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, GW_BENCH_REFERENCE_BACKENDS);
  __type(key, __u32);
  __type(value, struct gw_bench_reference_backend);
} backends SEC(".maps");

/* One of the service, then one of each backend. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1 + GW_BENCH_REFERENCE_BACKENDS);
  __type(key, __u32);
  __type(value, struct gw_bench_reference_counters);
} counters SEC(".maps");

INLINE void count(__u32 at, __u32 bytes) {
  struct gw_bench_reference_counters* of = bpf_map_lookup_elem(&counters, &at);
  if (!of) return;
  of->packets += 1;
  of->bytes += bytes;
}

INLINE __u32 slot_of(const struct gw_bench_reference_flow* flow) {
  __u64 mixed = ((__u64)flow->source_be32 << 32 | flow->ports_be32) * 0x9e3779b97f4a7c15ull;
  mixed = (mixed ^ mixed >> 32 ^ flow->destination_be32) * 0x9e3779b97f4a7c15ull;
  return (__u32)((mixed >> 32) * GW_TABLE_SLOTS_DEFAULT >> 32);
}

INLINE __u32 choose_backend(const struct gw_bench_reference_flow* flow, int opens) {
  const __u32* known = opens ? 0 : bpf_map_lookup_elem(&flows, flow);
  if (known) return *known;
  __u32 slot = slot_of(flow);
  const __u32* backend = bpf_map_lookup_elem(&slots, &slot);
  if (!backend) return 0;
  bpf_map_update_elem(&flows, flow, backend, BPF_ANY);
  flows_inserted += 1;
  return *backend;
}

INLINE __u16 checksum_of(const struct iphdr* ip) {
  const __u16* halves = (const __u16*)ip;
  __u32 sum = 0;
  for (int i = 0; i < 10; ++i) sum += halves[i];
  sum = (sum & 0xffff) + (sum >> 16);
  return (__u16) ~((sum & 0xffff) + (sum >> 16));
}

INLINE int encapsulate(struct xdp_md* context, const struct gw_bench_reference_backend* backend, __u16 inner_bytes) {
  if (bpf_xdp_adjust_head(context, -(int)sizeof(struct iphdr))) return XDP_DROP;
  struct ethhdr* ethernet = (void*)(long)context->data;
  struct iphdr* ip = (void*)(ethernet + 1);
  if ((void*)(ip + 1) > (void*)(long)context->data_end) return XDP_DROP;
  __builtin_memcpy(ethernet, backend->macs, sizeof backend->macs);
  ethernet->h_proto = bpf_htons(ETH_P_IP);
  ip->version = 4;
  ip->ihl = 5;
  ip->tos = 0;
  ip->tot_len = bpf_htons((__u16)(inner_bytes + sizeof *ip));
  ip->id = 0;
  ip->frag_off = 0;
  ip->ttl = 64;
  ip->protocol = 4;
  ip->check = 0;
  ip->saddr = backend->outer_source_be32;
  ip->daddr = backend->address_be32;
  ip->check = checksum_of(ip);
  return XDP_TX;
}

SEC("xdp")
int balance_by_lru(struct xdp_md* context) {
  struct ethhdr* ethernet = (void*)(long)context->data;
  struct iphdr* ip = (void*)(ethernet + 1);
  struct tcphdr* tcp = (void*)(ip + 1);
  if ((void*)(tcp + 1) > (void*)(long)context->data_end) return XDP_PASS;
  if (ethernet->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 || ip->protocol != 6) return XDP_PASS;
  struct gw_bench_service_key service = {.address_be32 = ip->daddr, .port_be16 = tcp->dest, .protocol = ip->protocol};
  if (!bpf_map_lookup_elem(&services, &service)) return XDP_PASS;
  struct gw_bench_reference_flow flow = {
      .source_be32 = ip->saddr,
      .destination_be32 = ip->daddr,
      .ports_be32 = *(__be32*)tcp,
      .protocol = ip->protocol,
  };
  __u32 index = choose_backend(&flow, tcp->syn);
  const struct gw_bench_reference_backend* backend = bpf_map_lookup_elem(&backends, &index);
  if (!backend) return XDP_DROP;
  __u16 inner_bytes = bpf_ntohs(ip->tot_len);
  count(0, inner_bytes);
  count(1 + index, inner_bytes);
  return encapsulate(context, backend, inner_bytes);
}
