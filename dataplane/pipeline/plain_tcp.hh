// SPDX-License-Identifier: Apache-2.0
// What nearly every packet is: TCP in IPv4 without options or in IPv6 without extension headers, whole, sound, without
// a tag. Says false, and has decided nothing, for everything else and for everything doubtful: parse.cc then says what
// it is. Reads and writes in whole words, since it runs for every packet; what it lets pass is what parse.cc would,
// field by field.
#pragma once

#include <cstddef>
#include <cstring>

#include "dataplane/net/checksum.hh"
#include "dataplane/net/ethernet.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/pipeline/burst.hh"

namespace guideway {

template <typename Word>
[[nodiscard]] Word word_at(const std::byte* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

[[nodiscard]] inline std::uint32_t be16_at(const std::byte* at) noexcept {
  return be16::from_raw(word_at<std::uint16_t>(at)).host();
}

[[nodiscard]] inline const TcpHeader& tcp_at(const std::byte* at) noexcept {
  return *reinterpret_cast<const TcpHeader*>(at);
}

// A key in five words: one put together in smaller pieces and then copied would wait for them. `ports` is both, as they
// lie in the header.
inline void write_tcp_key(gw_flow_key& key, const std::uint64_t (&addresses)[4], std::uint32_t ports,
                          std::uint8_t family) noexcept {
  static_assert(offsetof(gw_flow_key, protocol) == 36 && offsetof(gw_flow_key, family) == 37);
  const std::uint64_t rest = ports | std::uint64_t{next_header::tcp} << 32U | std::uint64_t{family} << 40U;
  const std::uint64_t words[5] = {addresses[0], addresses[1], addresses[2], addresses[3], rest};
  static_assert(sizeof words == sizeof key);
  auto* at = reinterpret_cast<std::byte*>(&key);
  for (const std::uint64_t& word : words) {
    std::memcpy(at, &word, sizeof word);
    at += sizeof word;
  }
}

template <typename IpHeader>
void describe_plain_tcp(Packet& packet, std::uint32_t total_bytes, const TcpHeader& tcp) noexcept {
  packet.ip_offset_bytes = sizeof(EthernetHeader);
  packet.ip_length_bytes = static_cast<std::uint16_t>(total_bytes);
  packet.l4_offset_bytes = sizeof(IpHeader);
  packet.vlan_control = 0;
  packet.kind = PacketKind::flow;
  packet.tcp_flags = tcp.flags;
  packet.opens_flow = (tcp.flags & (tcp_flag::syn | tcp_flag::ack)) == tcp_flag::syn;
}

// Of a frame that is long enough for these headers.
[[nodiscard]] inline bool parse_plain_tcp_in_ipv4(Packet& packet) noexcept {
  const std::byte* ip = packet.data + sizeof(EthernetHeader);
  const std::byte* l4 = ip + sizeof(Ipv4Header);
  const std::uint32_t total_bytes = be16_at(ip + offsetof(Ipv4Header, total_length));
  const std::uint32_t tcp_bytes = tcp_at(l4).header_bytes();
  const bool is_plain = ip[0] == std::byte{0x45} &&
                        (be16_at(ip + offsetof(Ipv4Header, flags_and_fragment_offset)) & 0x3fffU) == 0 &&
                        ip[offsetof(Ipv4Header, protocol)] == std::byte{next_header::tcp} &&
                        total_bytes + sizeof(EthernetHeader) <= packet.length_bytes && tcp_bytes >= sizeof(TcpHeader) &&
                        sizeof(Ipv4Header) + tcp_bytes <= total_bytes;
  if (!is_plain || !header_checksum_holds(ip, sizeof(Ipv4Header))) return false;
  const std::uint64_t addresses[4] = {word_at<std::uint32_t>(ip + offsetof(Ipv4Header, source)), 0,
                                      word_at<std::uint32_t>(ip + offsetof(Ipv4Header, destination)), 0};
  write_tcp_key(packet.flow, addresses, word_at<std::uint32_t>(l4), GW_FAMILY_IPV4);
  describe_plain_tcp<Ipv4Header>(packet, total_bytes, tcp_at(l4));
  return true;
}

// The same.
[[nodiscard]] inline bool parse_plain_tcp_in_ipv6(Packet& packet) noexcept {
  const std::byte* ip = packet.data + sizeof(EthernetHeader);
  const std::byte* l4 = ip + sizeof(Ipv6Header);
  const std::uint32_t payload_bytes = be16_at(ip + offsetof(Ipv6Header, payload_length));
  const std::uint32_t total_bytes = static_cast<std::uint32_t>(sizeof(Ipv6Header)) + payload_bytes;
  const std::uint32_t tcp_bytes = tcp_at(l4).header_bytes();
  const bool is_plain = (ip[0] & std::byte{0xf0}) == std::byte{0x60} &&
                        ip[offsetof(Ipv6Header, next_header)] == std::byte{next_header::tcp} &&
                        total_bytes <= 0xffffU && total_bytes + sizeof(EthernetHeader) <= packet.length_bytes &&
                        tcp_bytes >= sizeof(TcpHeader) && tcp_bytes <= payload_bytes;
  if (!is_plain) return false;
  const std::byte* source = ip + offsetof(Ipv6Header, source);
  const std::byte* destination = ip + offsetof(Ipv6Header, destination);
  const std::uint64_t addresses[4] = {word_at<std::uint64_t>(source), word_at<std::uint64_t>(source + 8),
                                      word_at<std::uint64_t>(destination), word_at<std::uint64_t>(destination + 8)};
  write_tcp_key(packet.flow, addresses, word_at<std::uint32_t>(l4), GW_FAMILY_IPV6);
  describe_plain_tcp<Ipv6Header>(packet, total_bytes, tcp_at(l4));
  return true;
}

[[nodiscard]] inline bool parse_plain_tcp(Packet& packet) noexcept {
  constexpr std::uint32_t bytes_without_ip = sizeof(EthernetHeader) + sizeof(TcpHeader);
  if (packet.length_bytes < bytes_without_ip + sizeof(Ipv4Header)) return false;
  const std::uint32_t type = be16_at(packet.data + offsetof(EthernetHeader, type));
  if (type == static_cast<std::uint32_t>(EtherType::ipv4)) return parse_plain_tcp_in_ipv4(packet);
  return type == static_cast<std::uint32_t>(EtherType::ipv6) &&
         packet.length_bytes >= bytes_without_ip + sizeof(Ipv6Header) && parse_plain_tcp_in_ipv6(packet);
}

}  // namespace guideway
