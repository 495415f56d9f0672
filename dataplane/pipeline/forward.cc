// SPDX-License-Identifier: Apache-2.0
// Section 4 of docs/packet-path.md: hands the packet to its backend, by the way that the backend has.
#include <cstring>
#include <span>

#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/pipeline/clamp_mss.hh"
#include "dataplane/pipeline/encapsulate.hh"
#include "dataplane/pipeline/l3dsr.hh"
#include "dataplane/pipeline/link_header.hh"
#include "dataplane/pipeline/plain_tunnel.hh"
#include "dataplane/pipeline/steps.hh"

namespace guideway {
namespace {

bool has_no_tag(const Packet& packet, const gw_backend& backend) noexcept {
  return backend.vlan == 0 && packet.ip_offset_bytes == sizeof(EthernetHeader);
}

// What most packets need: nothing but two MAC addresses.
bool is_plain_l2(const Packet& packet, const gw_backend& backend) noexcept {
  return backend.forward == GW_FORWARD_L2 && (backend.flags & GW_BACKEND_RESOLVED) != 0 &&
         has_no_tag(packet, backend) && packet.ip_length_bytes <= backend.mtu_bytes;
}

// The packet as it is, on the backend's link.
gw_exit send_on_link(Packet& packet, const gw_backend& backend) noexcept {
  if (has_no_tag(packet, backend)) {
    write_macs(packet.data, backend);
    return GW_EXIT_SENT;
  }
  if (room_before_ip(packet) < link_header_bytes(backend)) return GW_EXIT_DROP_NO_HEADROOM;
  const std::uint32_t behind_link_bytes = packet.length_bytes - packet.ip_offset_bytes;
  write_link_header(packet, packet.data + packet.ip_offset_bytes, backend, ether_type_of(packet));
  packet.length_bytes = packet.ip_offset_bytes + behind_link_bytes;
  return GW_EXIT_SENT;
}

void announce_less(Packet& packet, const gw_backend& backend, std::uint32_t overhead) noexcept {
  const bool opens = packet.kind == PacketKind::flow && (packet.tcp_flags & tcp_flag::syn) != 0;
  if (!opens) return;
  const std::uint32_t ip_bytes = packet.flow.family == GW_FAMILY_IPV4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header);
  const std::uint32_t around = overhead + ip_bytes + static_cast<std::uint32_t>(sizeof(TcpHeader));
  if (backend.mtu_bytes > around) clamp_mss(packet, backend.mtu_bytes - around);
}

}  // namespace

gw_exit forward_packet(Packet& packet, const gw_backend& backend, Answers& answers) noexcept {
  if ((backend.flags & GW_BACKEND_RESOLVED) == 0) return GW_EXIT_DROP_UNRESOLVED;
  const bool is_l3dsr = backend.forward == GW_FORWARD_L3DSR;
  if (is_l3dsr && backend.family != packet.flow.family) return GW_EXIT_DROP_UNRESOLVED;
  packet.egress_port = backend.port;
  const std::uint32_t overhead = tunnel_overhead_bytes(backend);
  if (packet.ip_length_bytes + overhead > backend.mtu_bytes)
    return answers.too_big(packet, backend.mtu_bytes > overhead ? backend.mtu_bytes - overhead : 0);
  if (overhead != 0) {
    if ((backend.flags & GW_BACKEND_CLAMPS_MSS) != 0) announce_less(packet, backend, overhead);
    return encapsulate(packet, backend);
  }
  if (is_l3dsr) rewrite_destination(packet, backend);
  return send_on_link(packet, backend);
}

void forward(Burst& burst, const Snapshot& snapshot, Answers& answers) noexcept {
  const BackendRows backends = snapshot.backends();
  const std::span<const OuterHeaders> outer_headers = snapshot.outer_headers();
  for_each_active(burst, [&](Packet& packet) noexcept {
    if (packet.backend < outer_headers.size() && takes(outer_headers[packet.backend], packet)) {
      encapsulate_plainly(packet, outer_headers[packet.backend]);
      return GW_EXIT_SENT;
    }
    const gw_backend& backend = backends[packet.backend];
    if (!is_plain_l2(packet, backend)) return forward_packet(packet, backend, answers);
    write_macs(packet.data, backend);
    packet.egress_port = backend.port;
    return GW_EXIT_SENT;
  });
}

}  // namespace guideway
