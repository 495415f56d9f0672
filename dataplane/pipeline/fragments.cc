// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/fragments.hh"

#include "dataplane/pipeline/exits.hh"

namespace guideway {

Result<Fragments> Fragments::create() {
  auto table = FragmentTable::create();
  if (!table) return failure_of(table);
  return Fragments(std::move(*table));
}

gw_fragment_entry Fragments::learn(const Packet& first, std::uint64_t key, const HealthTable& health,
                                   std::uint32_t now_ticks) noexcept {
  gw_fragment_entry entry{};
  entry.exit = first.exit;
  if (first.exit == GW_EXIT_SENT) {
    const auto generation = static_cast<std::uint8_t>(gw_health_generation(health.load(first.backend)));
    entry.flow_hash = first.hash;
    entry.backend = first.backend << 8U | generation;
    entry.service_id = first.service_id;
    entry.dscp = first.dscp;
  }
  table_.learn(key, entry, now_ticks);
  return entry;
}

gw_exit Fragments::follow(Packet& packet, const gw_fragment_entry& entry, const Snapshot& snapshot,
                          const HealthTable& health, Answers& answers) noexcept {
  if (entry.exit != GW_EXIT_SENT)
    return kind_of(entry.exit) == ExitKind::kernel ? GW_EXIT_KERNEL_NO_SERVICE : GW_EXIT_DROP_FRAGMENT;
  packet.backend = entry.backend >> 8U;
  const std::uint64_t word = health.load(packet.backend);
  const bool is_the_same =
      static_cast<std::uint8_t>(gw_health_generation(word)) == static_cast<std::uint8_t>(entry.backend);
  if (!is_the_same || gw_health_state_of(word) == GW_HEALTH_ABSENT) return GW_EXIT_DROP_FRAGMENT;
  packet.hash = entry.flow_hash;
  packet.service_id = entry.service_id;
  packet.dscp = entry.dscp;
  return forward_packet(packet, snapshot.backend(packet.backend), answers);
}

void Fragments::settle(Burst& burst, const Snapshot& snapshot, const HealthTable& health, Answers& answers,
                       std::uint32_t now_ticks) noexcept {
  const gw_hash_key hash_key = snapshot.hash_key();
  for (std::uint32_t i = 0; i < burst.count; ++i) {
    Packet& packet = burst.packets[i];
    if (!is_fragment(packet)) continue;
    const std::uint64_t key = gw_hash_fragment(&hash_key, &packet.flow, packet.fragment_identification);
    if (packet.kind == PacketKind::first_fragment) {
      if (!snapshot.services().has_address(packet.flow)) continue;
      const gw_fragment_entry entry = learn(packet, key, health, now_ticks);
      hold_.release(key, static_cast<std::uint8_t>(i), entry);
    } else if (const gw_fragment_entry* entry = table_.find(key, now_ticks)) {
      packet.exit = static_cast<std::uint8_t>(follow(packet, *entry, snapshot, health, answers));
    } else if (hold_.hold(packet, key, now_ticks)) {
      packet.exit = GW_EXIT_HELD;
      burst.received_bytes -= packet.length_bytes;
    } else {
      packet.exit = GW_EXIT_DROP_FRAGMENTS_FULL;
    }
  }
}

bool Fragments::take_released(Burst& burst, const Snapshot& snapshot, const HealthTable& health,
                              Answers& answers) noexcept {
  burst.count = 0;
  burst.active_count = 0;
  burst.received_bytes = 0;
  while (burst.count < burst_packets_max) {
    const FragmentHold::Released* next = hold_.next();
    if (next == nullptr || (burst.count != 0 && next->packet.ingress_port != burst.packets[0].ingress_port)) break;
    Packet& packet = burst.packets[burst.count++];
    packet = next->packet;
    burst.received_bytes += packet.length_bytes;
    packet.exit = static_cast<std::uint8_t>(next->is_expired ? GW_EXIT_DROP_FRAGMENT
                                                             : follow(packet, next->first, snapshot, health, answers));
    hold_.pop();
  }
  return burst.count != 0;
}

}  // namespace guideway
