// SPDX-License-Identifier: Apache-2.0
#include "controlplane/true_path/probe_packet.hh"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "dataplane/net/ethernet.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/net/udp.hh"
#include "dataplane/pipeline/exits.hh"
#include "dataplane/pipeline/steps.hh"

namespace guideway {
namespace {

constexpr std::size_t headroom_bytes = 128;
constexpr std::size_t packet_bytes_max = 9000;

// Where the packet's transport header begins, and whose it is.
struct Layout {
  Family family = Family::ipv4;
  std::uint8_t protocol = 0;
  std::uint16_t l4_offset_bytes = 0;
};

std::optional<Layout> layout_of(std::span<const std::byte> packet) {
  if (packet.size() < sizeof(Ipv4Header) || packet.size() > packet_bytes_max) return std::nullopt;
  Layout layout;
  Ipv4Header ipv4{};
  std::memcpy(&ipv4, packet.data(), sizeof ipv4);
  if (ipv4.version() == 4 && ipv4.header_bytes() >= sizeof ipv4 && !ipv4.is_fragment()) {
    layout = {Family::ipv4, ipv4.protocol, static_cast<std::uint16_t>(ipv4.header_bytes())};
  } else if (ipv4.version() == 6 && packet.size() >= sizeof(Ipv6Header)) {
    layout = {Family::ipv6, std::to_integer<std::uint8_t>(packet[offsetof(Ipv6Header, next_header)]),
              sizeof(Ipv6Header)};
  } else {
    return std::nullopt;
  }
  const std::size_t least = layout.protocol == IPPROTO_TCP ? sizeof(TcpHeader) : sizeof(UdpHeader);
  if (layout.protocol != IPPROTO_TCP && layout.protocol != IPPROTO_UDP) return std::nullopt;
  return packet.size() >= layout.l4_offset_bytes + least ? std::optional(layout) : std::nullopt;
}

std::array<be16, 2> ports_of(std::span<const std::byte> packet, const Layout& layout) {
  std::array<be16, 2> ports{};
  std::memcpy(ports.data(), packet.data() + layout.l4_offset_bytes, sizeof ports);
  return ports;
}

std::string name_of(gw_exit exit) {
  for (const ExitName& each : exit_names()) {
    if (each.exit == exit) return std::string(each.name);
  }
  return "exit " + std::to_string(exit);
}

gw_flow_key flow_of(std::span<const std::byte> packet, const Layout& layout) {
  gw_flow_key flow{};
  flow.family = layout.family == Family::ipv4 ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
  flow.protocol = layout.protocol;
  const std::size_t address_bytes = layout.family == Family::ipv4 ? 4 : 16;
  const std::size_t offset =
      layout.family == Family::ipv4 ? offsetof(Ipv4Header, source) : offsetof(Ipv6Header, source);
  std::memcpy(flow.source, packet.data() + offset, address_bytes);
  std::memcpy(flow.destination, packet.data() + offset + address_bytes, address_bytes);
  const auto ports = ports_of(packet, layout);
  flow.source_port_be16 = ports[0].raw();
  flow.destination_port_be16 = ports[1].raw();
  return flow;
}

}  // namespace

std::optional<ProbeKey> key_of(std::span<const std::byte> packet) {
  const auto layout = layout_of(packet);
  if (!layout) return std::nullopt;
  return ProbeKey{layout->family, layout->protocol, ports_of(packet, *layout)[0].host()};
}

Result<std::vector<std::byte>> frame_for(std::span<const std::byte> packet, const gw_backend& backend,
                                         std::uint8_t dscp) {
  const auto layout = layout_of(packet);
  if (!layout) return failure("not a packet of TCP or UDP");
  std::vector<std::byte> buffer(headroom_bytes + sizeof(EthernetHeader) + packet.size());
  EthernetHeader ethernet{};
  ethernet.type = be16(static_cast<std::uint16_t>(layout->family == Family::ipv4 ? EtherType::ipv4 : EtherType::ipv6));
  std::memcpy(buffer.data() + headroom_bytes, &ethernet, sizeof ethernet);
  std::copy(packet.begin(), packet.end(), buffer.begin() + headroom_bytes + sizeof ethernet);

  Packet descriptor;
  descriptor.data = buffer.data() + headroom_bytes;
  descriptor.headroom_bytes = headroom_bytes;
  descriptor.length_bytes = static_cast<std::uint32_t>(sizeof ethernet + packet.size());
  descriptor.ip_offset_bytes = sizeof ethernet;
  descriptor.ip_length_bytes = static_cast<std::uint16_t>(packet.size());
  descriptor.l4_offset_bytes = layout->l4_offset_bytes;
  descriptor.dscp = dscp;
  descriptor.flow = flow_of(packet, *layout);
  if (layout->protocol == IPPROTO_TCP)
    descriptor.tcp_flags = std::to_integer<std::uint8_t>(packet[layout->l4_offset_bytes + offsetof(TcpHeader, flags)]);
  // Nobody else has to know it: it only spreads tunnels over the backend's queues.
  const gw_hash_key key{};
  descriptor.hash = gw_hash_flow(&key, &descriptor.flow);

  AnswerBuckets none;
  const gw_answer_rates rates{};
  Answers answers(none, rates, 1, 0);
  const gw_exit exit = forward_packet(descriptor, backend, answers);
  if (exit != GW_EXIT_SENT) return failure("the datapath would drop it (" + name_of(exit) + ")");
  return std::vector<std::byte>(descriptor.data, descriptor.data + descriptor.length_bytes);
}

}  // namespace guideway
