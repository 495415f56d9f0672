// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The second datapath: what docs/packet-path.md says, on XDP. One step a header, in the order of that page;
 * docs/datapath-xdp.md says how it lies in maps. */
#include "ebpf/answer.bpf.h"
#include "ebpf/capture.bpf.h"
#include "ebpf/choose_backend.bpf.h"
#include "ebpf/forward.bpf.h"
#include "ebpf/fragment.bpf.h"
#include "ebpf/icmp_error.bpf.h"

char licence[] SEC("license") = "Dual BSD/GPL";

GW_INLINE __u32 gw_this_worker(void) {
  __u32 worker = bpf_get_smp_processor_id();
  return worker < knobs.worker_count ? worker : 0;
}

GW_INLINE void gw_count_sent(const struct gw_packet* packet) {
  struct gw_service_counters* of_service = gw_service_counters_of(packet->worker, packet->service_id);
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

GW_INLINE void gw_count_exit(const struct gw_packet* packet, __u32 exit) {
  struct gw_xdp_line* first = gw_counter_line(packet->worker, 0);
  if (first) {
    first->words[0] += 1;
    first->words[1] += packet->received_bytes;
    if (exit == GW_EXIT_SENT || gw_exit_is_answer(exit)) first->words[2] += packet->frame_bytes;
    first->words[__builtin_offsetof(struct gw_worker_counters, plain) / 8] += packet->is_plain;
  }
  __u32 offset = __builtin_offsetof(struct gw_worker_counters, exits) + exit * 8;
  struct gw_xdp_line* exits = gw_counter_line(packet->worker, offset);
  if (exits) exits->words[exit % 8] += 1;
}

/* Sends the packet on its way; turns its exit into one of a full queue if the port is not there. */
GW_INLINE int gw_egress(const struct gw_backend* backend, int* exit) {
  if (!knobs.egress_by_port) return XDP_TX;
  int action = (int)bpf_redirect_map(&ports, backend->port, XDP_DROP);
  if (action != XDP_REDIRECT) *exit = GW_EXIT_DROP_TX_FULL;
  return action;
}

/* Everything about a packet that names a flow, up to its backend. */
GW_INLINE int gw_balance_flow(struct xdp_md* context, struct gw_packet* packet) {
  const struct gw_xdp_service* service = gw_match_service(packet);
  int is_about = packet->kind == GW_KIND_ABOUT;
  if (!service) return is_about ? gw_kernel_exit_of_icmp(packet) : GW_EXIT_KERNEL_NO_SERVICE;
  if (is_about) return gw_choose_about(packet, service);
  if (service->is_guarded) {
    int exit = gw_admit(packet, &service->row);
    if (exit != GW_EXIT_SENT) return exit;
  }
  int exit = gw_choose_backend(packet, service);
  if (exit == GW_EXIT_DROP_NO_BACKEND && service->row.policy == GW_POLICY_REJECT)
    return gw_answer_reject(context, packet);
  return exit;
}

/* Gives the packet to its backend, or tells its sender that it does not fit. */
GW_INLINE int gw_hand_over(struct xdp_md* context, struct gw_packet* packet, int* action) {
  const struct gw_backend* backend = gw_backend_row(packet->side, packet->backend);
  if (!backend) return GW_EXIT_DROP_UNRESOLVED;
  int exit = gw_forward(context, packet, backend);
  if (exit == GW_EXIT_DROP_TOO_BIG) return gw_answer_too_big(context, packet, gw_fitting_bytes(backend));
  if (exit != GW_EXIT_SENT) return exit;
  *action = gw_egress(backend, &exit);
  if (exit == GW_EXIT_SENT) gw_count_sent(packet);
  return exit;
}

/* ICMP: answered, or the kernel's, or GW_EXIT_SENT if it is about a flow. */
GW_INLINE int gw_look_into_icmp(struct xdp_md* context, struct gw_packet* packet) {
  int exit = gw_answer_echo(context, packet);
  return exit == GW_EXIT_SENT ? gw_read_icmp_error(context, packet) : exit;
}

/* Decides about the packet: its exit, and what to do with it in *action if it is sent. */
GW_INLINE int gw_run(struct xdp_md* context, struct gw_packet* packet, int* action) {
  int exit = gw_parse(context, packet);
  if (exit != GW_EXIT_SENT) return exit;
  if (packet->kind == GW_KIND_ICMP) {
    exit = gw_look_into_icmp(context, packet);
    if (exit != GW_EXIT_SENT) return exit;
  }
  int is_first_fragment = packet->kind == GW_KIND_FIRST_FRAGMENT;
  exit = packet->kind == GW_KIND_LATER_FRAGMENT ? gw_follow_first(context, packet) : gw_balance_flow(context, packet);
  if (exit == GW_EXIT_SENT) exit = gw_hand_over(context, packet, action);
  if (is_first_fragment) gw_learn_fragment(packet, (__u32)exit);
  return exit;
}

GW_INLINE void gw_tell(const struct gw_packet* packet, __u32 exit) {
  decision.hash = packet->hash;
  decision.fragment_key = packet->fragment_key;
  decision.backend = packet->backend;
  decision.exit = exit;
  decision.is_learned = packet->is_learned;
  decision.family = packet->flow.family;
  decision.kind = packet->kind;
  __builtin_memcpy(decision.source, packet->flow.source, 16);
}

SEC("xdp")
int gw_balance(struct xdp_md* context) {
  struct gw_packet packet = {0};
  int action = XDP_DROP;
  packet.worker = gw_this_worker();
  packet.side = control.side & 1;
  packet.service_id = GW_CAPTURE_NO_SERVICE;
  struct gw_capturing capturing = gw_begin_capture();
  if (capturing.stages) gw_capture_received(context, packet.worker, &capturing);
  int exit = gw_run(context, &packet, &action);
  if (gw_exit_is_kernel((__u32)exit)) action = XDP_PASS;
  if (gw_exit_is_answer((__u32)exit)) action = XDP_TX;
  if (capturing.stages) gw_end_capture(context, &packet, (__u32)exit, &capturing);
  if (exit != GW_EXIT_HELD) gw_count_exit(&packet, (__u32)exit);
  if (knobs.decision_is_told) gw_tell(&packet, (__u32)exit);
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
