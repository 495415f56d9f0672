// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/xdp/rows.hh"

#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "dataplane/net/address.hh"
#include "dataplane/net/checksum.hh"
#include "dataplane/net/ethernet.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/net/udp.hh"

namespace guideway::bench {
namespace {

using Frame = std::array<std::byte, sizeof(gw_bench_plan::frame)>;

std::uint16_t destination_port(const Row& row) { return row.has_service ? service_port : no_service_port; }

// The L4 header of a flow whose port is not there yet, at `at`.
void write_l4(std::byte* at, const Row& row, std::uint32_t l4_bytes) {
  if (row.traffic == Traffic::udp) {
    UdpHeader udp{};
    udp.destination_port = be16(destination_port(row));
    udp.length = be16(static_cast<std::uint16_t>(l4_bytes));
    std::memcpy(at, &udp, sizeof udp);
    return;
  }
  TcpHeader tcp{};
  tcp.destination_port = be16(destination_port(row));
  tcp.data_offset_and_reserved = 0x50;
  tcp.flags = row.traffic == Traffic::syn ? tcp_flag::syn : tcp_flag::ack;
  std::memcpy(at, &tcp, sizeof tcp);
}

std::uint8_t protocol_of(const Row& row) {
  return static_cast<std::uint8_t>(row.traffic == Traffic::udp ? Protocol::udp : Protocol::tcp);
}

std::uint32_t folded_sum(const std::byte* at, std::uint32_t length_bytes) {
  return fold_sum(sum_of_bytes(at, length_bytes));
}

// The addresses, the L4 packet, and what else a pseudo header has.
std::uint32_t l4_sum(const Frame& frame, std::uint32_t addresses_at, std::uint32_t frame_bytes, std::uint32_t l4_at,
                     std::uint8_t protocol) {
  const std::uint32_t l4_bytes = frame_bytes - l4_at;
  return fold_sum(sum_of_bytes(frame.data() + addresses_at, frame_bytes - addresses_at) + be16(protocol).raw() +
                  be16(static_cast<std::uint16_t>(l4_bytes)).raw());
}

void write_ipv4(Frame& frame, const Row& row, gw_bench_plan& plan) {
  constexpr std::uint32_t ip_at = sizeof(EthernetHeader);
  constexpr std::uint32_t l4_at = ip_at + sizeof(Ipv4Header);
  EthernetHeader ethernet{};
  ethernet.type = be16(static_cast<std::uint16_t>(EtherType::ipv4));
  Ipv4Header ip{};
  ip.version_and_ihl = 0x45;
  ip.total_length = be16(static_cast<std::uint16_t>(GW_BENCH_IPV4_FRAME_BYTES - ip_at));
  ip.time_to_live = 64;
  ip.protocol = protocol_of(row);
  const IpAddress destination = *IpAddress::parse(ipv4_address(row.service));
  std::memcpy(ip.destination.data(), destination.bytes.data(), 4);
  std::memcpy(frame.data(), &ethernet, sizeof ethernet);
  std::memcpy(frame.data() + ip_at, &ip, sizeof ip);
  write_l4(frame.data() + l4_at, row, GW_BENCH_IPV4_FRAME_BYTES - l4_at);
  plan.ip_sum = folded_sum(frame.data() + ip_at, sizeof ip);
  plan.l4_sum = l4_sum(frame, ip_at + 12, GW_BENCH_IPV4_FRAME_BYTES, l4_at, ip.protocol);
}

void write_ipv6(Frame& frame, const Row& row, gw_bench_plan& plan) {
  constexpr std::uint32_t ip_at = sizeof(EthernetHeader);
  constexpr std::uint32_t l4_at = ip_at + sizeof(Ipv6Header);
  EthernetHeader ethernet{};
  ethernet.type = be16(static_cast<std::uint16_t>(EtherType::ipv6));
  Ipv6Header ip{};
  ip.payload_length = be16(static_cast<std::uint16_t>(GW_BENCH_IPV6_FRAME_BYTES - l4_at));
  ip.next_header = protocol_of(row);
  ip.hop_limit = 64;
  const IpAddress source = *IpAddress::parse("2001:db8:1::");
  const IpAddress destination = *IpAddress::parse(ipv6_address());
  std::memcpy(ip.source.data(), source.bytes.data(), 16);
  std::memcpy(ip.destination.data(), destination.bytes.data(), 16);
  std::memcpy(frame.data(), &ethernet, sizeof ethernet);
  std::memcpy(frame.data() + ip_at, &ip, sizeof ip);
  frame[ip_at] = std::byte{0x60};
  write_l4(frame.data() + l4_at, row, GW_BENCH_IPV6_FRAME_BYTES - l4_at);
  plan.is_ipv6 = 1;
  plan.l4_sum = l4_sum(frame, ip_at + 8, GW_BENCH_IPV6_FRAME_BYTES, l4_at, ip.next_header);
}

std::int32_t growth_of(const Row& row) {
  if (!row.has_service || row.service == ServiceKind::l2) return 0;
  const std::int32_t ip_bytes = row.is_ipv6 ? sizeof(Ipv6Header) : sizeof(Ipv4Header);
  return row.service == ServiceKind::gue ? ip_bytes + static_cast<std::int32_t>(sizeof(UdpHeader)) + 4 : ip_bytes;
}

}  // namespace

std::vector<Row> rows(std::uint64_t flows_max) {
  constexpr std::uint64_t k = 1024;
  constexpr std::uint64_t m = k * k;
  std::vector<Row> all{
      {.name = "ipip, TCP", .flows = 1, .target = 2.6},
      {.name = "ipip, TCP", .flows = k, .target = 2.8},
      {.name = "ipip, TCP", .flows = 64 * k, .target = 3.2},
      {.name = "ipip, TCP", .flows = m, .target = 3.2},
      {.name = "ipip, TCP", .flows = 10 * m, .target = 3.2},
      {.name = "ipip, TCP SYN", .traffic = Traffic::syn, .flows = 64 * k, .target = 3.2},
      {.name = "ipip, TCP SYN flood", .traffic = Traffic::syn, .flows = every_flow, .target = 3.2},
      {.name = "gue, TCP", .service = ServiceKind::gue, .flows = 1, .target = 3.1},
      {.name = "gue, TCP", .service = ServiceKind::gue, .flows = 64 * k, .target = 3.7},
      {.name = "l2, TCP", .service = ServiceKind::l2, .flows = 64 * k},
      {.name = "ipip, IPv6 TCP", .flows = 64 * k, .is_ipv6 = true},
      {.name = "ipip, UDP by its hash", .service = ServiceKind::udp_hash, .traffic = Traffic::udp, .flows = 64 * k},
      {.name = "no service, passed", .flows = 64 * k, .target = 1.8, .has_service = false},
      {.name = "ipip, UDP, every flow followed",
       .service = ServiceKind::udp,
       .traffic = Traffic::udp,
       .flows = 64 * k,
       .is_remembered = true},
      {.name = "ipip, TCP, every flow followed",
       .service = ServiceKind::followed,
       .flows = 64 * k,
       .target = 4.0,
       .is_remembered = true},
      {.name = "ipip, TCP, every flow followed",
       .service = ServiceKind::followed,
       .flows = m,
       .target = 4.8,
       .is_remembered = true},
      {.name = "ipip, TCP SYN flood, every flow followed",
       .service = ServiceKind::followed,
       .traffic = Traffic::syn,
       .flows = every_flow},
  };
  for (Row& row : all) {
    if (row.flows != every_flow) row.flows = std::min(row.flows, flows_max);
    // By half more than are remembered: in a hundred flows one finds its bucket full.
    if (row.is_remembered) row.room_flows = static_cast<std::uint32_t>(row.flows + row.flows / 2);
  }
  return all;
}

gw_bench_plan plan_of(const Row& row) {
  gw_bench_plan plan{};
  Frame frame{};
  if (row.is_ipv6)
    write_ipv6(frame, row, plan);
  else
    write_ipv4(frame, row, plan);
  std::memcpy(plan.frame, frame.data(), sizeof plan.frame);
  plan.flow_count = row.flows;
  plan.is_udp = row.traffic == Traffic::udp ? 1 : 0;
  plan.expected_action = row.has_service ? XDP_TX : XDP_PASS;
  plan.expected_growth = growth_of(row);
  return plan;
}

}  // namespace guideway::bench
