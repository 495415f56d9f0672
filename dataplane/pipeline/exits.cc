// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/exits.hh"

#include <array>

namespace guideway {
namespace {

constexpr std::array<ExitName, GW_EXIT_COUNT> names{{
    {GW_EXIT_SENT, ExitKind::sent, "sent", "handed to a backend"},
    {GW_EXIT_KERNEL_NOT_IP, ExitKind::kernel, "kernel_not_ip",
     "neither IPv4 nor IPv6 (ARP, LLDP, VLAN tags): the kernel's"},
    {GW_EXIT_KERNEL_OTHER_PROTOCOL, ExitKind::kernel, "kernel_other_protocol",
     "IP, but neither TCP nor UDP: the kernel's"},
    {GW_EXIT_KERNEL_NO_SERVICE, ExitKind::kernel, "kernel_no_service",
     "no service has this address, port and protocol: the kernel's"},
    {GW_EXIT_DROP_FRAME_TRUNCATED, ExitKind::drop, "drop_frame_truncated", "the frame is shorter than its headers say"},
    {GW_EXIT_DROP_IP_HEADER_INVALID, ExitKind::drop, "drop_ip_header_invalid",
     "version, header length or total length is impossible"},
    {GW_EXIT_DROP_IP_CHECKSUM, ExitKind::drop, "drop_ip_checksum", "the IPv4 header checksum is wrong"},
    {GW_EXIT_DROP_EXTENSION_HEADERS, ExitKind::drop, "drop_extension_headers", "more than 8 IPv6 extension headers"},
    {GW_EXIT_DROP_FRAGMENT, ExitKind::drop, "drop_fragment", "a fragment to a service address"},
    {GW_EXIT_DROP_L4_INVALID, ExitKind::drop, "drop_l4_invalid", "the TCP or UDP header is impossible"},
    {GW_EXIT_DROP_NO_BACKEND, ExitKind::drop, "drop_no_backend", "no backend of the service accepts"},
    {GW_EXIT_DROP_UNRESOLVED, ExitKind::drop, "drop_unresolved", "the next hop to the chosen backend is not known"},
    {GW_EXIT_DROP_TOO_BIG, ExitKind::drop, "drop_too_big",
     "larger than the egress MTU once it carries its outer header"},
    {GW_EXIT_DROP_NO_HEADROOM, ExitKind::drop, "drop_no_headroom", "no room in front of the frame for an outer header"},
    {GW_EXIT_DROP_TX_FULL, ExitKind::drop, "drop_tx_full", "the port's transmit queue was full"},
    {GW_EXIT_DROP_KERNEL_FULL, ExitKind::drop, "drop_kernel_full", "the kernel face had no room, or there is none"},
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
