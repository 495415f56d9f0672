// SPDX-License-Identifier: Apache-2.0
// Section 2 of docs/packet-path.md.
#include <array>

#include "dataplane/pipeline/steps.hh"

namespace guideway {
namespace {

// Whether all packets are of one service: most bursts are, and most others show at their second packet that they are
// not.
bool has_one_destination(const Burst& burst) noexcept {
  const ServiceKeyWords first = ServiceKeyWords::of(burst.packets[burst.active[0]].flow);
  for (std::uint32_t i = 1; i < burst.active_count; ++i) {
    const ServiceKeyWords words = ServiceKeyWords::of(burst.packets[burst.active[i]].flow);
    if (((words.high ^ first.high) | (words.low ^ first.low) | (words.rest ^ first.rest)) != 0) return false;
  }
  return true;
}

[[gnu::noinline]] gw_exit exit_without_service(const Packet& packet, const ServiceTable& services) noexcept {
  if (packet.kind != PacketKind::about_flow || services.has_address(packet.flow)) return GW_EXIT_KERNEL_NO_SERVICE;
  return GW_EXIT_KERNEL_OTHER_PROTOCOL;
}

gw_exit give_service(Packet& packet, const Service* service, const ServiceTable& services) noexcept {
  packet.service = service;
  if (service == nullptr) return exit_without_service(packet, services);
  packet.service_id = service->row.id;
  packet.dscp = service->row.dscp;
  return GW_EXIT_SENT;
}

// Where there are many services, each pass reads what the one before has sent for.
void find_far_services(Burst& burst, const ServiceTable& services) noexcept {
  std::array<ServiceKeyWords, burst_packets_max> keys;
  std::array<std::uint64_t, burst_packets_max> hashes;
  for (std::uint32_t i = 0; i < burst.active_count; ++i) {
    keys[i] = ServiceKeyWords::of(burst.packets[burst.active[i]].flow);
    hashes[i] = keys[i].hash();
    services.send_for_cell(hashes[i]);
  }
  for (std::uint32_t i = 0; i < burst.active_count; ++i) services.send_for_row(hashes[i]);
  std::uint32_t i = 0;
  for_each_active(burst, [&](Packet& packet) noexcept {
    const Service* service = services.match(packet.flow, keys[i], hashes[i]);
    ++i;
    return give_service(packet, service, services);
  });
}

void find_services(Burst& burst, const ServiceTable& services) noexcept {
  if (burst.active_count == 0) return;
  if (has_one_destination(burst)) {
    const Service* service = services.match(burst.packets[burst.active[0]].flow);
    for_each_active(burst, [&](Packet& packet) noexcept { return give_service(packet, service, services); });
  } else if (services.is_near()) {
    for_each_active(
        burst, [&](Packet& packet) noexcept { return give_service(packet, services.match(packet.flow), services); });
  } else {
    find_far_services(burst, services);
  }
}

// All flows of a family at once; how many these are.
std::uint32_t hash_flows(Burst& burst, std::uint8_t family, const gw_hash_key& key, FlowHasher& hasher) noexcept {
  std::array<std::uint8_t, burst_packets_max> packet_of_lane;
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < burst.active_count; ++i) {
    const Packet& packet = burst.packets[burst.active[i]];
    if (packet.flow.family != family) continue;
    packet_of_lane[count] = burst.active[i];
    put_flow(hasher.lanes, count++, packet.flow);
  }
  if (count == 0) return 0;
  hasher.hash(key, hasher.lanes, count, family);
  for (std::uint32_t lane = 0; lane < count; ++lane)
    burst.packets[packet_of_lane[lane]].hash = hasher.lanes.hashes[lane];
  return count;
}

}  // namespace

void match_service(Burst& burst, const Snapshot& snapshot, FlowHasher& hasher) noexcept {
  find_services(burst, snapshot.services());
  if (burst.active_count == 0) return;
  // Most bursts have one family.
  const std::uint8_t family = burst.packets[burst.active[0]].flow.family;
  if (hash_flows(burst, family, snapshot.hash_key(), hasher) == burst.active_count) return;
  hash_flows(burst, family == GW_FAMILY_IPV4 ? GW_FAMILY_IPV6 : GW_FAMILY_IPV4, snapshot.hash_key(), hasher);
}

}  // namespace guideway
