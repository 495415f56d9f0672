// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/encapsulate.hh"

#include <array>
#include <cstring>

#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/own_header.hh"
#include "dataplane/net/tunnel.hh"
#include "dataplane/net/udp.hh"
#include "dataplane/pipeline/link_header.hh"
#include "dataplane/pipeline/tunnel_header.hh"

namespace guideway {
namespace {

bool has_key(const gw_backend& backend) noexcept { return (backend.flags & GW_BACKEND_HAS_KEY) != 0; }

// Between the outer IP header and the packet inside.
std::uint32_t shim_bytes(const gw_backend& backend) noexcept {
  switch (backend.forward) {
    case GW_FORWARD_GUE:
      return sizeof(UdpHeader) + sizeof(GueHeader);
    case GW_FORWARD_GUE_DIRECT:
      return sizeof(UdpHeader);
    case GW_FORWARD_GRE:
      return sizeof(GreHeader) + (has_key(backend) ? sizeof(be32) : 0);
    default:
      return 0;
  }
}

std::uint8_t outer_protocol(const Packet& packet, const gw_backend& backend) noexcept {
  if (backend.forward == GW_FORWARD_GRE) return next_header::gre;
  return backend.forward == GW_FORWARD_IPIP ? tunnelled_protocol(packet) : next_header::udp;
}

void write_gre(std::byte* at, const Packet& packet, const gw_backend& backend) noexcept {
  const GreHeader gre{be16(has_key(backend) ? gre_has_key : std::uint16_t{0}),
                      be16(static_cast<std::uint16_t>(ether_type_of(packet)))};
  std::memcpy(at, &gre, sizeof gre);
  if (!has_key(backend)) return;
  const be32 key(backend.tunnel_id);
  std::memcpy(at + sizeof gre, &key, sizeof key);
}

void write_shim(std::byte* at, const Packet& packet, const gw_backend& backend, std::uint32_t shim) noexcept {
  if (backend.forward == GW_FORWARD_GRE) {
    write_gre(at, packet, backend);
  } else if (backend.forward != GW_FORWARD_IPIP) {
    write_udp(at, packet, backend.tunnel_id, shim);
    if (backend.forward == GW_FORWARD_GUE) write_gue_header(at + sizeof(UdpHeader), packet);
  }
}

std::array<std::uint8_t, 16> outer_source(const gw_backend& backend, std::uint64_t hash) noexcept {
  std::array<std::uint8_t, 16> source;
  std::memcpy(source.data(), backend.outer_source, source.size());
  if (backend.outer_source_bits >= gw_address_bits(backend.family)) return source;
  if (backend.family == GW_FAMILY_IPV4) {
    be32 address;
    std::memcpy(&address, source.data(), sizeof address);
    const std::uint32_t host_bits = 0xffffffffU >> backend.outer_source_bits;
    address = be32(address.host() | (static_cast<std::uint32_t>(hash >> 32U) & host_bits));
    std::memcpy(source.data(), &address, sizeof address);
    return source;
  }
  be<std::uint64_t> low;
  std::memcpy(&low, source.data() + 8, sizeof low);
  const std::uint64_t host_bits = ~std::uint64_t{0} >> (backend.outer_source_bits - 64U);
  low = be<std::uint64_t>(low.host() | (hash & host_bits));
  std::memcpy(source.data() + 8, &low, sizeof low);
  return source;
}

void write_outer(std::byte* at, const Packet& packet, const gw_backend& backend, std::uint8_t traffic_class,
                 std::uint32_t payload_bytes) noexcept {
  OwnHeader own;
  own.family = backend.family;
  own.protocol = outer_protocol(packet, backend);
  own.traffic_class = traffic_class;
  own.flow_label = static_cast<std::uint32_t>(packet.hash) & 0xfffffU;
  own.payload_bytes = payload_bytes;
  own.source = outer_source(backend, packet.hash);
  std::memcpy(own.destination.data(), backend.address, own.destination.size());
  write_own_header(at, own);
}

}  // namespace

std::uint32_t tunnel_overhead_bytes(const gw_backend& backend) noexcept {
  if (backend.forward == GW_FORWARD_L2 || backend.forward == GW_FORWARD_L3DSR) return 0;
  return own_header_bytes(backend.family) + shim_bytes(backend);
}

gw_exit encapsulate(Packet& packet, const gw_backend& backend) noexcept {
  const std::uint32_t shim = shim_bytes(backend);
  const std::uint32_t overhead = tunnel_overhead_bytes(backend);
  if (room_before_ip(packet) < overhead + link_header_bytes(backend)) return GW_EXIT_DROP_NO_HEADROOM;

  std::byte* inner = packet.data + packet.ip_offset_bytes;
  std::byte* outer = inner - overhead;
  const std::uint8_t traffic_class = tunnelled_traffic_class(packet, inner);
  const std::uint32_t payload_bytes = packet.ip_length_bytes + shim;
  write_shim(inner - shim, packet, backend, shim);
  write_outer(outer, packet, backend, traffic_class, payload_bytes);
  write_link_header(packet, outer, backend, backend.family == GW_FAMILY_IPV4 ? EtherType::ipv4 : EtherType::ipv6);
  packet.length_bytes = packet.ip_offset_bytes + overhead + packet.ip_length_bytes;
  return GW_EXIT_SENT;
}

}  // namespace guideway
