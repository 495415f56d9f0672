/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every way a packet can leave the pipeline. Numbers are stable: both datapaths count by them.
 * dataplane/pipeline/exits.cc names and explains each. */
#ifndef GUIDEWAY_ABI_EXITS_H
#define GUIDEWAY_ABI_EXITS_H

#include "ebpf/abi/portable.h"

enum gw_exit {
  GW_EXIT_SENT = 0, /* to a backend */

  GW_EXIT_KERNEL_NOT_IP = 1,         /* ARP, LLDP, two VLAN tags ... */
  GW_EXIT_KERNEL_OTHER_PROTOCOL = 2, /* IP, but neither TCP nor UDP, nor an ICMP that we answer or pass on */
  GW_EXIT_KERNEL_NO_SERVICE = 3,

  GW_EXIT_DROP_FRAME_TRUNCATED = 4,   /* shorter than its headers say */
  GW_EXIT_DROP_IP_HEADER_INVALID = 5, /* version, header length or total length impossible */
  GW_EXIT_DROP_IP_CHECKSUM = 6,       /* IPv4 header checksum wrong */
  GW_EXIT_DROP_EXTENSION_HEADERS = 7, /* more IPv6 extension headers than GW_EXTENSION_HEADERS_MAX */
  GW_EXIT_DROP_FRAGMENT = 8,          /* a later fragment whose first did not come in time, or was not sent */
  GW_EXIT_DROP_L4_INVALID = 9,        /* TCP or UDP header impossible */
  GW_EXIT_DROP_NO_BACKEND = 10,       /* no backend accepts and the service's policy is drop */
  GW_EXIT_DROP_UNRESOLVED = 11,       /* the chosen backend's next hop is not known */
  GW_EXIT_DROP_TOO_BIG = 12,          /* does not fit the egress MTU once encapsulated */
  GW_EXIT_DROP_NO_HEADROOM = 13,      /* no room in front of the frame for an outer header */
  GW_EXIT_DROP_TX_FULL = 14,          /* the port's transmit queue was full */
  GW_EXIT_DROP_KERNEL_FULL = 15,      /* the kernel face's queue was full, or there is no kernel face */

  GW_EXIT_ANSWERED_ECHO = 16,    /* an echo request to a service address became its reply */
  GW_EXIT_ANSWERED_TOO_BIG = 17, /* became a frag-needed or packet-too-big to its sender */
  GW_EXIT_ANSWERED_REJECT = 18,  /* became a TCP RST or an ICMP unreachable to its sender */

  GW_EXIT_DROP_ECHO_LIMITED = 19,   /* more echo requests than the rate of answers */
  GW_EXIT_DROP_REJECT_LIMITED = 20, /* more packets to reject than the rate of answers */
  GW_EXIT_DROP_FRAGMENTS_FULL = 21, /* came before its first fragment, and too many are held already */
  GW_EXIT_DROP_ACCESS_DENIED = 22,  /* the service's access list denies the source */
  GW_EXIT_DROP_RATE_LIMITED = 23,   /* more new flows than the service's limit */
  GW_EXIT_DROP_SOURCE_LIMITED = 24, /* more new flows than the service grants one source */

  GW_EXIT_COUNT = 25,

  GW_EXIT_HELD = 255, /* none yet: a fragment that waits for its first. Never counted */
};

GW_INLINE int gw_exit_is_kernel(__u32 exit) {
  return exit >= GW_EXIT_KERNEL_NOT_IP && exit <= GW_EXIT_KERNEL_NO_SERVICE;
}
GW_INLINE int gw_exit_is_answer(__u32 exit) { return exit >= GW_EXIT_ANSWERED_ECHO && exit <= GW_EXIT_ANSWERED_REJECT; }
GW_INLINE int gw_exit_is_drop(__u32 exit) {
  return exit != GW_EXIT_SENT && exit < GW_EXIT_COUNT && !gw_exit_is_kernel(exit) && !gw_exit_is_answer(exit);
}

#define GW_EXITS_MAX 64u /* room for more, without a new layout */
GW_STATIC_ASSERT(GW_EXIT_COUNT <= GW_EXITS_MAX, "exits");

#endif
