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

// Sets the service of every active packet. Packets of one service tend to come together: then there is one question for
// all of them. Where there are many, each stage reads what the one before has sent for.
void find_services(Burst& burst, const ServiceTable& services) noexcept {
  struct Asked {
    const gw_flow_key* flow;
    ServiceTable::Question question;
    const Service* service;
  };
  std::array<Asked, burst_packets_max> asked;
  std::array<std::uint8_t, burst_packets_max> asked_by;
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < burst.active_count; ++i) {
    const gw_flow_key& flow = burst.packets[burst.active[i]].flow;
    if (count == 0 || !same_destination(flow, *asked[count - 1].flow))
      asked[count++] = {&flow, services.ask(flow), nullptr};
    asked_by[i] = static_cast<std::uint8_t>(count - 1);
  }
  if (count > 1)
    for (std::uint32_t i = 0; i < count; ++i) services.approach(asked[i].question);
  for (std::uint32_t i = 0; i < count; ++i) asked[i].service = services.match(*asked[i].flow, asked[i].question);
  for (std::uint32_t i = 0; i < burst.active_count; ++i)
    burst.packets[burst.active[i]].service = asked[asked_by[i]].service;
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
  find_services(burst, services);
  for_each_active(burst, [&](Packet& packet) noexcept {
    if (packet.service == nullptr) return exit_without_service(packet, services);
    packet.service_id = packet.service->row.id;
    packet.dscp = packet.service->row.dscp;
    return GW_EXIT_SENT;
  });
  hash_flows(burst, GW_FAMILY_IPV4, snapshot.hash_key(), hasher);
  hash_flows(burst, GW_FAMILY_IPV6, snapshot.hash_key(), hasher);
}

}  // namespace guideway
