// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The second datapath: what docs/packet-path.md says, on XDP. One step a header, in the order of that page;
 * docs/datapath-xdp.md says how it lies in maps. */
#include "ebpf/choose_backend.bpf.h"
#include "ebpf/forward.bpf.h"
#include "ebpf/match_service.bpf.h"

char licence[] SEC("license") = "Dual BSD/GPL";

GW_INLINE __u32 gw_this_worker(void) {
  __u32 worker = bpf_get_smp_processor_id();
  return worker < knobs.worker_count ? worker : 0;
}

GW_INLINE void gw_count_sent(const struct gw_packet* packet, const struct gw_xdp_service* service) {
  GW_WORKER_COUNT(packet->worker, sent_bytes, packet->frame_bytes);
  struct gw_service_counters* of_service = gw_service_counters_of(packet->worker, service->row.id);
  if (of_service) {
    of_service->packets += 1;
    of_service->bytes += packet->ip_bytes;
  }
  struct gw_backend_counters* of_backend = gw_backend_counters_of(packet->worker, packet->backend);
  if (of_backend) {
    of_backend->packets += 1;
    of_backend->bytes += packet->ip_bytes;
    of_backend->opened += packet->opens_flow;
  }
}

GW_INLINE void gw_count_received(__u32 worker, __u32 frame_bytes, __u32 exit) {
  struct gw_xdp_line* first = gw_counter_line(worker, 0);
  if (first) {
    first->words[0] += 1;
    first->words[1] += frame_bytes;
  }
  struct gw_xdp_line* exits = gw_counter_line(worker, __builtin_offsetof(struct gw_worker_counters, exits) + exit * 8);
  if (exits) exits->words[exit % 8] += 1;
}

/* Sends the packet on its way; turns its exit into one of a full queue if the port is not there. */
GW_INLINE int gw_egress(const struct gw_backend* backend, int* exit) {
  if (!knobs.egress_by_port) return XDP_TX;
  int action = (int)bpf_redirect_map(&ports, backend->port, XDP_DROP);
  if (action != XDP_REDIRECT) *exit = GW_EXIT_DROP_TX_FULL;
  return action;
}

GW_INLINE const struct gw_backend* gw_backend_row(const struct gw_packet* packet) {
  __u32 at = packet->side * knobs.backends_max + packet->backend;
  return bpf_map_lookup_elem(&backends, &at);
}

/* Decides about the packet: its exit, and what to do with it in *action. */
GW_INLINE int gw_run(struct xdp_md* context, struct gw_packet* packet, int* action) {
  int exit = gw_parse(context, packet);
  if (exit != GW_EXIT_SENT) return exit;
  const struct gw_xdp_service* service = gw_match_service(packet);
  if (!service) return GW_EXIT_KERNEL_NO_SERVICE;
  exit = gw_choose_backend(packet, service);
  if (exit != GW_EXIT_SENT) return exit;
  const struct gw_backend* backend = gw_backend_row(packet);
  if (!backend) return GW_EXIT_DROP_UNRESOLVED;
  exit = gw_forward(context, packet, backend);
  if (exit != GW_EXIT_SENT) return exit;
  *action = gw_egress(backend, &exit);
  if (exit == GW_EXIT_SENT) gw_count_sent(packet, service);
  return exit;
}

SEC("xdp")
int gw_balance(struct xdp_md* context) {
  struct gw_packet packet = {0};
  int action = XDP_DROP;
  packet.worker = gw_this_worker();
  packet.side = control.side & 1;
  int exit = gw_run(context, &packet, &action);
  if (exit >= GW_EXIT_KERNEL_NOT_IP && exit <= GW_EXIT_KERNEL_NO_SERVICE) action = XDP_PASS;
  gw_count_received(packet.worker, packet.received_bytes, (__u32)exit);
  if (knobs.decision_is_told) {
    decision.hash = packet.hash;
    decision.backend = packet.backend;
    decision.exit = (__u32)exit;
  }
  return action;
}

/* Run by the loader on each CPU through BPF_PROG_TEST_RUN, which turns softirqs off: so it never meets gw_balance on
 * that CPU, and the worker's memory keeps its one writer. */
SEC("xdp")
int gw_sweep(struct xdp_md* context) {
  (void)context;
  gw_sweep_buckets(gw_this_worker());
  return XDP_DROP;
}
