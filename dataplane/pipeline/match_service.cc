// SPDX-License-Identifier: Apache-2.0
// Section 2 of docs/packet-path.md.
#include "dataplane/pipeline/steps.hh"

namespace guideway {

void match_service(Burst& burst, const Snapshot& snapshot) noexcept {
  const ServiceTable& services = snapshot.services();
  for_each_active(burst, [&](Packet& packet) noexcept {
    packet.service = services.match(packet.flow);
    return packet.service == nullptr ? GW_EXIT_KERNEL_NO_SERVICE : GW_EXIT_SENT;
  });
  // Hashed in a loop of its own, and the slot asked for: by the time choose_backend reads it, it is near.
  const gw_hash_key key = snapshot.hash_key();
  for (std::uint32_t i = 0; i < burst.active_count; ++i) {
    Packet& packet = burst.packets[burst.active[i]];
    packet.hash = gw_hash_flow(&key, &packet.flow);
    __builtin_prefetch(&packet.service->slots[gw_scale(packet.hash, packet.service->slot_count)]);
  }
}

}  // namespace guideway
