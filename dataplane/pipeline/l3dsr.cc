// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/l3dsr.hh"

#include <cstring>

#include "dataplane/net/checksum.hh"
#include "dataplane/net/icmp.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/net/udp.hh"

namespace guideway {
namespace {

// Sums of the destination before and after.
struct Change {
  std::uint64_t before;
  std::uint64_t after;
};

void update_checksum_at(std::byte* at, const Change& change) noexcept {
  std::uint16_t checksum = 0;
  std::memcpy(&checksum, at, sizeof checksum);
  checksum = updated_checksum(checksum, change.before, change.after);
  std::memcpy(at, &checksum, sizeof checksum);
}

void update_udp(std::byte* l4, const Change& change) noexcept {
  UdpHeader udp;
  std::memcpy(&udp, l4, sizeof udp);
  if (udp.checksum.raw() == 0) return;  // the sender computed none; tunnels may, in IPv6 too (RFC 6935)
  std::uint16_t checksum = updated_checksum(udp.checksum.raw(), change.before, change.after);
  if (checksum == 0) checksum = 0xffff;  // 0 would say that there is none
  udp.checksum = be16::from_raw(checksum);
  std::memcpy(l4, &udp, sizeof udp);
}

// The checksum of whatever counts the addresses in: TCP, UDP, ICMPv6.
void update_l4(const Packet& packet, std::byte* ip, const Change& change) noexcept {
  if (packet.kind == PacketKind::later_fragment) return;
  std::byte* l4 = ip + packet.l4_offset_bytes;
  const bool ipv4 = packet.flow.family == GW_FAMILY_IPV4;
  if (packet.kind == PacketKind::about_flow) {
    if (!ipv4) update_checksum_at(l4 + offsetof(IcmpHeader, checksum), change);
  } else if (packet.flow.protocol == next_header::tcp) {
    update_checksum_at(l4 + offsetof(TcpHeader, checksum), change);
  } else {
    update_udp(l4, change);
  }
}

void rewrite_ipv4(const Packet& packet, std::byte* ip, const gw_backend& backend) noexcept {
  Ipv4Header header;
  std::memcpy(&header, ip, sizeof header);
  const Change change{sum_of_bytes(header.destination.data(), 4), sum_of_bytes(backend.address, 4)};
  const auto dscp_and_ecn = static_cast<std::uint8_t>(std::uint32_t{packet.dscp} << 2U | (header.dscp_and_ecn & 3U));
  // Version and header length share their word with the DSCP, which is its second byte.
  const std::uint64_t word_before = std::uint64_t{header.version_and_ihl} | std::uint64_t{header.dscp_and_ecn} << 8U;
  const std::uint64_t word_after = std::uint64_t{header.version_and_ihl} | std::uint64_t{dscp_and_ecn} << 8U;
  header.checksum =
      be16::from_raw(updated_checksum(header.checksum.raw(), change.before + word_before, change.after + word_after));
  header.dscp_and_ecn = dscp_and_ecn;
  std::memcpy(header.destination.data(), backend.address, 4);
  std::memcpy(ip, &header, sizeof header);
  update_l4(packet, ip, change);
}

void rewrite_ipv6(const Packet& packet, std::byte* ip, const gw_backend& backend) noexcept {
  Ipv6Header header;
  std::memcpy(&header, ip, sizeof header);
  const Change change{sum_of_bytes(header.destination.data(), 16), sum_of_bytes(backend.address, 16)};
  const std::uint32_t first = header.version_class_and_label.host();
  constexpr std::uint32_t dscp_bits = 0x3fU << 22U;
  header.version_class_and_label = be32((first & ~dscp_bits) | std::uint32_t{packet.dscp} << 22U);
  std::memcpy(header.destination.data(), backend.address, 16);
  std::memcpy(ip, &header, sizeof header);
  update_l4(packet, ip, change);
}

}  // namespace

void rewrite_destination(Packet& packet, const gw_backend& backend) noexcept {
  std::byte* ip = packet.data + packet.ip_offset_bytes;
  if (packet.flow.family == GW_FAMILY_IPV4) {
    rewrite_ipv4(packet, ip, backend);
  } else {
    rewrite_ipv6(packet, ip, backend);
  }
}

}  // namespace guideway
