// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/answers.hh"

#include <algorithm>
#include <cstring>
#include <utility>

#include "dataplane/net/checksum.hh"
#include "dataplane/net/ethernet.hh"
#include "dataplane/net/icmp.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/own_header.hh"
#include "dataplane/net/tcp.hh"

namespace guideway {
namespace {

constexpr std::uint8_t answer_hop_limit = 64;

bool is_ipv4(const Packet& packet) noexcept { return packet.flow.family == GW_FAMILY_IPV4; }

bool is_unicast_source(const Packet& packet, const std::byte* ip) noexcept {
  if (is_ipv4(packet)) {
    const auto first = std::to_integer<std::uint8_t>(ip[offsetof(Ipv4Header, source)]);
    return first != 0 && first != 127 && first < 224;
  }
  std::array<std::uint8_t, 16> source{};
  std::memcpy(source.data(), ip + offsetof(Ipv6Header, source), source.size());
  std::array<std::uint8_t, 16> loopback{};
  loopback.back() = 1;
  return source[0] != 0xff && source != loopback && source != std::array<std::uint8_t, 16>{};
}

bool may_be_answered(const Packet& packet) noexcept {
  EthernetHeader ethernet;
  std::memcpy(&ethernet, packet.data, sizeof ethernet);
  return !is_group(ethernet.destination) && !is_group(ethernet.source) &&
         is_unicast_source(packet, packet.data + packet.ip_offset_bytes);
}

void swap_macs(std::byte* frame) noexcept {
  EthernetHeader ethernet;
  std::memcpy(&ethernet, frame, sizeof ethernet);
  std::swap(ethernet.destination, ethernet.source);
  std::memcpy(frame, &ethernet, sizeof ethernet);
}

// The link header with its tag, as received but for the MAC addresses, so that the frame begins before `ip`.
void move_link_header(Packet& packet, std::byte* ip) noexcept {
  std::byte* frame = ip - packet.ip_offset_bytes;
  std::memmove(frame, packet.data, packet.ip_offset_bytes);
  swap_macs(frame);
  packet.headroom_bytes = static_cast<std::uint16_t>(packet.headroom_bytes + (frame - packet.data));
  packet.data = frame;
}

// Writes the IP header of an answer: from the packet's destination to its source.
void write_ip(std::byte* at, const gw_flow_key& received, std::uint8_t protocol, std::uint32_t payload_bytes) noexcept {
  OwnHeader own;
  own.family = received.family;
  own.protocol = protocol;
  own.payload_bytes = payload_bytes;
  std::memcpy(own.source.data(), received.destination, own.source.size());
  std::memcpy(own.destination.data(), received.source, own.destination.size());
  write_own_header(at, own);
}

// The sum of the pseudo header that TCP and ICMPv6 count in (RFC 9293, RFC 8200 section 8.1).
std::uint64_t pseudo_header_sum(const gw_flow_key& flow, std::uint8_t protocol, std::uint32_t payload_bytes) noexcept {
  const std::uint32_t address_bytes = gw_address_bits(flow.family) / 8U;
  return sum_of_bytes(flow.source, address_bytes) + sum_of_bytes(flow.destination, address_bytes) +
         be16(protocol).raw() + be16(static_cast<std::uint16_t>(payload_bytes)).raw();
}

// The answer is an IP packet of that length, and goes where the question came from.
void finish(Packet& packet, std::uint32_t ip_bytes) noexcept {
  packet.ip_length_bytes = static_cast<std::uint16_t>(ip_bytes);
  packet.length_bytes = packet.ip_offset_bytes + ip_bytes;
  packet.egress_port = packet.ingress_port;
}

struct IcmpMessage {
  std::uint8_t type;
  std::uint8_t code;
  std::uint32_t rest;
};

// Puts an ICMP error in front of the received IP packet, of which as much as is usual is quoted. False: no headroom.
bool become_icmp_error(Packet& packet, const IcmpMessage& message) noexcept {
  const bool ipv4 = is_ipv4(packet);
  const std::uint32_t ip_bytes = own_header_bytes(packet.flow.family);
  const std::uint32_t headers_bytes = ip_bytes + static_cast<std::uint32_t>(sizeof(IcmpHeader));
  if (packet.headroom_bytes < headers_bytes) return false;
  const std::uint32_t quoted_bytes =
      std::min<std::uint32_t>(packet.ip_length_bytes, ipv4 ? GW_QUOTED_BYTES_IPV4 : GW_QUOTED_BYTES_IPV6);
  std::byte* ip = packet.data + packet.ip_offset_bytes - headers_bytes;
  move_link_header(packet, ip);
  const std::uint8_t protocol = ipv4 ? next_header::icmp : next_header::icmpv6;
  const std::uint32_t icmp_bytes = quoted_bytes + sizeof(IcmpHeader);
  write_ip(ip, packet.flow, protocol, icmp_bytes);
  std::byte* at = ip + ip_bytes;
  IcmpHeader header{message.type, message.code, be16(0), be32(message.rest)};
  std::memcpy(at, &header, sizeof header);
  std::uint64_t sum = sum_of_bytes(at, icmp_bytes);
  if (!ipv4) sum += pseudo_header_sum(packet.flow, protocol, icmp_bytes);
  header.checksum = be16::from_raw(static_cast<std::uint16_t>(~fold_sum(sum)));
  std::memcpy(at, &header, sizeof header);
  finish(packet, headers_bytes + quoted_bytes);
  return true;
}

// RFC 9293, section 3.10.7.1.
void become_reset(Packet& packet) noexcept {
  std::byte* ip = packet.data + packet.ip_offset_bytes;
  TcpHeader received;
  std::memcpy(&received, ip + packet.l4_offset_bytes, sizeof received);
  const bool acknowledges = (received.flags & tcp_flag::ack) != 0;
  const std::uint32_t payload_bytes = packet.ip_length_bytes - packet.l4_offset_bytes - received.header_bytes();
  const std::uint32_t occupied = payload_bytes + ((received.flags & tcp_flag::syn) != 0 ? 1U : 0U) +
                                 ((received.flags & tcp_flag::fin) != 0 ? 1U : 0U);
  TcpHeader reset{};
  reset.source_port = received.destination_port;
  reset.destination_port = received.source_port;
  reset.sequence = acknowledges ? received.acknowledgement : be32(0);
  reset.acknowledgement = acknowledges ? be32(0) : be32(received.sequence.host() + occupied);
  reset.data_offset_and_reserved = (sizeof reset / 4) << 4U;
  reset.flags = acknowledges ? tcp_flag::rst : tcp_flag::rst | tcp_flag::ack;
  const std::uint64_t sum =
      sum_of_bytes(&reset, sizeof reset) + pseudo_header_sum(packet.flow, next_header::tcp, sizeof reset);
  reset.checksum = be16::from_raw(static_cast<std::uint16_t>(~fold_sum(sum)));
  const std::uint32_t header_bytes = own_header_bytes(packet.flow.family);
  write_ip(ip, packet.flow, next_header::tcp, sizeof reset);
  std::memcpy(ip + header_bytes, &reset, sizeof reset);
  swap_macs(packet.data);
  finish(packet, header_bytes + static_cast<std::uint32_t>(sizeof reset));
}

void become_echo_reply(Packet& packet) noexcept {
  std::byte* ip = packet.data + packet.ip_offset_bytes;
  std::byte* at = ip + packet.l4_offset_bytes;
  IcmpHeader header;
  std::memcpy(&header, at, sizeof header);
  const std::uint8_t reply = is_ipv4(packet) ? icmp::echo_reply : icmpv6::echo_reply;
  // The type is the first byte of its word, so in memory order the low one. Addresses are swapped: their sum stays.
  header.checksum = be16::from_raw(updated_checksum(header.checksum.raw(), header.type, reply));
  header.type = reply;
  std::memcpy(at, &header, sizeof header);
  if (is_ipv4(packet)) {
    Ipv4Header outer;
    std::memcpy(&outer, ip, sizeof outer);
    std::swap(outer.source, outer.destination);
    outer.time_to_live = answer_hop_limit;
    outer.checksum = be16(0);
    outer.checksum = be16::from_raw(header_checksum(&outer, sizeof outer));
    std::memcpy(ip, &outer, sizeof outer);
  } else {
    Ipv6Header outer;
    std::memcpy(&outer, ip, sizeof outer);
    std::swap(outer.source, outer.destination);
    outer.hop_limit = answer_hop_limit;
    std::memcpy(ip, &outer, sizeof outer);
  }
  swap_macs(packet.data);
  packet.egress_port = packet.ingress_port;
}

}  // namespace

bool Answers::has_token(gw_bucket& bucket, std::uint32_t rate) const noexcept {
  const std::uint32_t own = gw_share_of_limit(rate, worker_count_);
  return gw_take_token(&bucket, own, own, now_ticks_) != 0;
}

gw_exit Answers::echo(Packet& packet) noexcept {
  if (!may_be_answered(packet)) return GW_EXIT_KERNEL_OTHER_PROTOCOL;
  if (!has_token(buckets_.echo, rates_.echo)) return GW_EXIT_DROP_ECHO_LIMITED;
  become_echo_reply(packet);
  return GW_EXIT_ANSWERED_ECHO;
}

gw_exit Answers::too_big(Packet& packet, std::uint32_t mtu_bytes) noexcept {
  if (packet.kind != PacketKind::flow && packet.kind != PacketKind::first_fragment) return GW_EXIT_DROP_TOO_BIG;
  const bool ipv4 = is_ipv4(packet);
  if (ipv4) {
    Ipv4Header ip;
    std::memcpy(&ip, packet.data + packet.ip_offset_bytes, sizeof ip);
    if (!ip.forbids_fragments()) return GW_EXIT_DROP_TOO_BIG;
  }
  if (!may_be_answered(packet) || !has_token(buckets_.too_big, rates_.too_big)) return GW_EXIT_DROP_TOO_BIG;
  const IcmpMessage message = ipv4 ? IcmpMessage{icmp::unreachable, icmp::code_fragmentation_needed, mtu_bytes}
                                   : IcmpMessage{icmpv6::packet_too_big, 0, mtu_bytes};
  return become_icmp_error(packet, message) ? GW_EXIT_ANSWERED_TOO_BIG : GW_EXIT_DROP_NO_HEADROOM;
}

gw_exit Answers::reject(Packet& packet) noexcept {
  if (packet.kind != PacketKind::flow || !may_be_answered(packet)) return GW_EXIT_DROP_NO_BACKEND;
  const bool is_tcp = packet.flow.protocol == next_header::tcp;
  if (is_tcp && (packet.tcp_flags & tcp_flag::rst) != 0) return GW_EXIT_DROP_NO_BACKEND;
  if (!has_token(buckets_.reject, rates_.reject)) return GW_EXIT_DROP_REJECT_LIMITED;
  if (is_tcp) {
    become_reset(packet);
    return GW_EXIT_ANSWERED_REJECT;
  }
  const IcmpMessage message = is_ipv4(packet) ? IcmpMessage{icmp::unreachable, icmp::code_port_unreachable, 0}
                                              : IcmpMessage{icmpv6::unreachable, icmpv6::code_port_unreachable, 0};
  return become_icmp_error(packet, message) ? GW_EXIT_ANSWERED_REJECT : GW_EXIT_DROP_NO_HEADROOM;
}

}  // namespace guideway
