// SPDX-License-Identifier: Apache-2.0
// Section 2 of docs/packet-path.md.
#include <array>
#include <cstring>

#include "dataplane/pipeline/steps.hh"

namespace guideway {
namespace {

// Destination, destination port, protocol and family: all that a service is found by.
bool same_destination(const gw_flow_key& a, const gw_flow_key& b) noexcept {
  return std::memcmp(a.destination, b.destination, sizeof a.destination) == 0 &&
         a.destination_port_be16 == b.destination_port_be16 && a.protocol == b.protocol && a.family == b.family;
}

gw_exit exit_without_service(const Packet& packet, const ServiceTable& services) noexcept {
  if (packet.kind != PacketKind::about_flow || services.has_address(packet.flow)) return GW_EXIT_KERNEL_NO_SERVICE;
  return GW_EXIT_KERNEL_OTHER_PROTOCOL;
}

// All flows of a family at once; and the slot is asked for: by the time choose_backend reads it, it is near. (A service
// that looks at sources alone has another slot, and waits for it.)
void hash_flows(Burst& burst, std::uint8_t family, const gw_hash_key& key, FlowHasher& hasher) noexcept {
  std::array<std::uint8_t, burst_packets_max> packet_of_lane;
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < burst.active_count; ++i) {
    const Packet& packet = burst.packets[burst.active[i]];
    if (packet.flow.family != family) continue;
    packet_of_lane[count] = burst.active[i];
    put_flow(hasher.lanes, count++, packet.flow);
  }
  if (count == 0) return;
  hasher.hash(key, hasher.lanes, count, family);
  for (std::uint32_t lane = 0; lane < count; ++lane) {
    Packet& packet = burst.packets[packet_of_lane[lane]];
    packet.hash = hasher.lanes.hashes[lane];
    __builtin_prefetch(&packet.service->slots[gw_scale(packet.hash, packet.service->slot_count)]);
  }
}

}  // namespace

void match_service(Burst& burst, const Snapshot& snapshot, FlowHasher& hasher) noexcept {
  const ServiceTable& services = snapshot.services();
  // Packets of one service tend to come together: most of a burst need not look it up again.
  const Packet* before = nullptr;
  for_each_active(burst, [&](Packet& packet) noexcept {
    const bool is_same = before != nullptr && same_destination(packet.flow, before->flow);
    packet.service = is_same ? before->service : services.match(packet.flow);
    before = &packet;
    if (packet.service == nullptr) return exit_without_service(packet, services);
    packet.service_id = packet.service->row.id;
    packet.dscp = packet.service->row.dscp;
    return GW_EXIT_SENT;
  });
  hash_flows(burst, GW_FAMILY_IPV4, snapshot.hash_key(), hasher);
  hash_flows(burst, GW_FAMILY_IPV6, snapshot.hash_key(), hasher);
}

}  // namespace guideway
