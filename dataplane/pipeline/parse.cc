// SPDX-License-Identifier: Apache-2.0
// Section 1 of docs/packet-path.md. Every length is checked before the bytes behind it are read.
#include <cstring>

#include "dataplane/net/checksum.hh"
#include "dataplane/net/ethernet.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/net/udp.hh"
#include "dataplane/pipeline/steps.hh"
#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

// The bytes of a packet from some header on, up to the end that the header before it gave.
class Cursor {
 public:
  Cursor(const std::byte* at, std::uint32_t left_bytes) noexcept : at_(at), left_bytes_(left_bytes) {}

  template <typename Header>
  [[nodiscard]] const Header* peek() const noexcept {
    static_assert(alignof(Header) <= 2);
    return left_bytes_ < sizeof(Header) ? nullptr : reinterpret_cast<const Header*>(at_);
  }
  [[nodiscard]] bool skip(std::uint32_t bytes) noexcept {
    if (bytes > left_bytes_) return false;
    at_ += bytes;
    left_bytes_ -= bytes;
    return true;
  }
  void end_after(std::uint32_t bytes) noexcept { left_bytes_ = bytes; }
  [[nodiscard]] std::uint32_t left_bytes() const noexcept { return left_bytes_; }

 private:
  const std::byte* at_;
  std::uint32_t left_bytes_;
};

gw_exit parse_tcp(Packet& packet, Cursor l4) noexcept {
  const auto* tcp = l4.peek<TcpHeader>();
  if (tcp == nullptr || tcp->header_bytes() < sizeof(TcpHeader) || tcp->header_bytes() > l4.left_bytes())
    return GW_EXIT_DROP_L4_INVALID;
  packet.flow.source_port_be16 = tcp->source_port.raw();
  packet.flow.destination_port_be16 = tcp->destination_port.raw();
  packet.tcp_flags = tcp->flags;
  packet.opens_flow = (tcp->flags & (tcp_flag::syn | tcp_flag::ack)) == tcp_flag::syn;
  return GW_EXIT_SENT;
}

gw_exit parse_udp(Packet& packet, Cursor l4) noexcept {
  const auto* udp = l4.peek<UdpHeader>();
  if (udp == nullptr) return GW_EXIT_DROP_L4_INVALID;
  const std::uint32_t length = udp->length.host();
  if (length < sizeof(UdpHeader) || length > l4.left_bytes()) return GW_EXIT_DROP_L4_INVALID;
  packet.flow.source_port_be16 = udp->source_port.raw();
  packet.flow.destination_port_be16 = udp->destination_port.raw();
  packet.tcp_flags = 0;
  packet.opens_flow = true;
  return GW_EXIT_SENT;
}

gw_exit parse_l4(Packet& packet, std::uint8_t protocol, Cursor l4) noexcept {
  packet.flow.protocol = protocol;
  if (protocol == next_header::tcp) return parse_tcp(packet, l4);
  if (protocol == next_header::udp) return parse_udp(packet, l4);
  return GW_EXIT_KERNEL_OTHER_PROTOCOL;
}

gw_exit fragment_exit(const Packet& packet, const ServiceTable& services) noexcept {
  return services.has_address(packet.flow) ? GW_EXIT_DROP_FRAGMENT : GW_EXIT_KERNEL_NO_SERVICE;
}

gw_exit parse_ipv4(Packet& packet, Cursor at, const ServiceTable& services) noexcept {
  const auto* ip = at.peek<Ipv4Header>();
  if (ip == nullptr) return GW_EXIT_DROP_FRAME_TRUNCATED;
  const std::uint32_t header_bytes = ip->header_bytes();
  const std::uint32_t total_bytes = ip->total_bytes();
  if (ip->version() != 4 || header_bytes < sizeof(Ipv4Header) || total_bytes < header_bytes)
    return GW_EXIT_DROP_IP_HEADER_INVALID;
  if (total_bytes > at.left_bytes()) return GW_EXIT_DROP_FRAME_TRUNCATED;
  if (!header_checksum_holds(ip, header_bytes)) return GW_EXIT_DROP_IP_CHECKSUM;

  packet.ip_length_bytes = static_cast<std::uint16_t>(total_bytes);
  packet.flow.family = GW_FAMILY_IPV4;
  std::memcpy(packet.flow.source, ip->source.data(), 4);
  std::memcpy(packet.flow.destination, ip->destination.data(), 4);
  if (ip->is_fragment()) return fragment_exit(packet, services);
  const std::uint8_t protocol = ip->protocol;
  at.end_after(total_bytes);
  (void)at.skip(header_bytes);
  return parse_l4(packet, protocol, at);
}

bool is_walked(std::uint8_t header) noexcept {
  return header == next_header::hop_by_hop || header == next_header::routing ||
         header == next_header::destination_options || header == next_header::fragment;
}

// Walks the extension headers; `at` ends up in front of the L4 header, `header` is its protocol.
gw_exit walk_extensions(Packet& packet, Cursor& at, std::uint8_t& header, const ServiceTable& services) noexcept {
  for (std::uint32_t walked = 0; is_walked(header); ++walked) {
    if (walked == GW_EXTENSION_HEADERS_MAX) return GW_EXIT_DROP_EXTENSION_HEADERS;
    if (header == next_header::fragment) {
      const auto* fragment = at.peek<Ipv6FragmentHeader>();
      if (fragment == nullptr) return GW_EXIT_DROP_IP_HEADER_INVALID;
      if (!fragment->is_atomic()) return fragment_exit(packet, services);
      header = fragment->next_header;
      (void)at.skip(sizeof(Ipv6FragmentHeader));
      continue;
    }
    const auto* extension = at.peek<Ipv6ExtensionHeader>();
    if (extension == nullptr) return GW_EXIT_DROP_IP_HEADER_INVALID;
    header = extension->next_header;
    if (!at.skip(extension->header_bytes())) return GW_EXIT_DROP_IP_HEADER_INVALID;
  }
  return GW_EXIT_SENT;
}

gw_exit parse_ipv6(Packet& packet, Cursor at, const ServiceTable& services) noexcept {
  const auto* ip = at.peek<Ipv6Header>();
  if (ip == nullptr) return GW_EXIT_DROP_FRAME_TRUNCATED;
  if (ip->version() != 6) return GW_EXIT_DROP_IP_HEADER_INVALID;
  const std::uint32_t total_bytes = static_cast<std::uint32_t>(sizeof(Ipv6Header)) + ip->payload_bytes();
  if (total_bytes > at.left_bytes()) return GW_EXIT_DROP_FRAME_TRUNCATED;
  // A packet of more than 65,535 bytes in all fits no link that a frame can come from.
  if (total_bytes > 0xffffU) return GW_EXIT_DROP_IP_HEADER_INVALID;

  packet.ip_length_bytes = static_cast<std::uint16_t>(total_bytes);
  packet.flow.family = GW_FAMILY_IPV6;
  std::memcpy(packet.flow.source, ip->source.data(), 16);
  std::memcpy(packet.flow.destination, ip->destination.data(), 16);
  std::uint8_t header = ip->next_header;
  at.end_after(total_bytes);
  (void)at.skip(sizeof(Ipv6Header));
  const gw_exit exit = walk_extensions(packet, at, header, services);
  return exit == GW_EXIT_SENT ? parse_l4(packet, header, at) : exit;
}

gw_exit parse_frame(Packet& packet, const ServiceTable& services) noexcept {
  packet.flow = {};
  Cursor at(packet.data, packet.length_bytes);
  const auto* ethernet = at.peek<EthernetHeader>();
  if (ethernet == nullptr) return GW_EXIT_DROP_FRAME_TRUNCATED;
  const EtherType type = ethernet->ether_type();
  (void)at.skip(sizeof(EthernetHeader));
  packet.ip_offset_bytes = sizeof(EthernetHeader);
  if (type == EtherType::ipv4) return parse_ipv4(packet, at, services);
  if (type == EtherType::ipv6) return parse_ipv6(packet, at, services);
  return GW_EXIT_KERNEL_NOT_IP;
}

}  // namespace

void parse(Burst& burst, const ServiceTable& services) noexcept {
  for_each_active(burst, [&services](Packet& packet) noexcept { return parse_frame(packet, services); });
}

}  // namespace guideway
