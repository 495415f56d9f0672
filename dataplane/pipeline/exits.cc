// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/exits.hh"

#include <array>

namespace guideway {
namespace {

constexpr std::array<ExitName, GW_EXIT_COUNT> names{{
    {GW_EXIT_SENT, ExitKind::sent, "sent", "handed to a backend"},
    {GW_EXIT_KERNEL_NOT_IP, ExitKind::kernel, "kernel_not_ip",
     "neither IPv4 nor IPv6 (ARP, LLDP, two VLAN tags): the kernel's"},
    {GW_EXIT_KERNEL_OTHER_PROTOCOL, ExitKind::kernel, "kernel_other_protocol",
     "IP, but neither TCP nor UDP, nor ICMP that is answered or passed on: the kernel's"},
    {GW_EXIT_KERNEL_NO_SERVICE, ExitKind::kernel, "kernel_no_service",
     "no service has this address, port and protocol: the kernel's"},
    {GW_EXIT_DROP_FRAME_TRUNCATED, ExitKind::drop, "drop_frame_truncated", "the frame is shorter than its headers say"},
    {GW_EXIT_DROP_IP_HEADER_INVALID, ExitKind::drop, "drop_ip_header_invalid",
     "version, header length or total length is impossible"},
    {GW_EXIT_DROP_IP_CHECKSUM, ExitKind::drop, "drop_ip_checksum", "the IPv4 header checksum is wrong"},
    {GW_EXIT_DROP_EXTENSION_HEADERS, ExitKind::drop, "drop_extension_headers", "more than 8 IPv6 extension headers"},
    {GW_EXIT_DROP_FRAGMENT, ExitKind::drop, "drop_fragment",
     "a fragment whose first did not come in time, or was not sent"},
    {GW_EXIT_DROP_L4_INVALID, ExitKind::drop, "drop_l4_invalid", "the TCP or UDP header is impossible"},
    {GW_EXIT_DROP_NO_BACKEND, ExitKind::drop, "drop_no_backend", "no backend of the service accepts"},
    {GW_EXIT_DROP_UNRESOLVED, ExitKind::drop, "drop_unresolved", "the next hop to the chosen backend is not known"},
    {GW_EXIT_DROP_TOO_BIG, ExitKind::drop, "drop_too_big",
     "larger than the egress MTU once it carries its outer header"},
    {GW_EXIT_DROP_NO_HEADROOM, ExitKind::drop, "drop_no_headroom", "no room in front of the frame for an outer header"},
    {GW_EXIT_DROP_TX_FULL, ExitKind::drop, "drop_tx_full", "the port's transmit queue was full"},
    {GW_EXIT_DROP_KERNEL_FULL, ExitKind::drop, "drop_kernel_full", "the kernel face had no room, or there is none"},
    {GW_EXIT_ANSWERED_ECHO, ExitKind::answered, "answered_echo", "an echo request to a service address, answered"},
    {GW_EXIT_ANSWERED_TOO_BIG, ExitKind::answered, "answered_too_big",
     "too large for the way to its backend: its sender was told which MTU fits"},
    {GW_EXIT_ANSWERED_REJECT, ExitKind::answered, "answered_reject",
     "no backend accepts: its sender was told by RST or ICMP"},
    {GW_EXIT_DROP_ECHO_LIMITED, ExitKind::drop, "drop_echo_limited", "more echo requests than answers.echo_per_second"},
    {GW_EXIT_DROP_REJECT_LIMITED, ExitKind::drop, "drop_reject_limited",
     "more packets to reject than answers.reject_per_second"},
    {GW_EXIT_DROP_FRAGMENTS_FULL, ExitKind::drop, "drop_fragments_full",
     "a fragment came before its first, and too many wait already"},
    {GW_EXIT_DROP_ACCESS_DENIED, ExitKind::drop, "drop_access_denied", "the service does not allow the source"},
    {GW_EXIT_DROP_RATE_LIMITED, ExitKind::drop, "drop_rate_limited", "more new flows than the service's limit"},
    {GW_EXIT_DROP_SOURCE_LIMITED, ExitKind::drop, "drop_source_limited",
     "more new flows from one source than the service's limit"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (static_cast<std::size_t>(names[i].exit) != i) return false;
  }
  return true;
}
static_assert(in_order(), "names stand in the order of their numbers");

}  // namespace

std::span<const ExitName> exit_names() noexcept { return names; }

ExitKind kind_of(std::uint8_t exit) noexcept { return names[exit].kind; }

}  // namespace guideway
