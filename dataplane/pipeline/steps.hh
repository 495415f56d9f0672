// SPDX-License-Identifier: Apache-2.0
// The steps of the pipeline, one a file. Each takes the burst, keeps the packets that go on active, and lets the
// others leave by a named exit. What each decides is written down in docs/packet-path.md.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/forwarding/flow_table.hh"
#include "dataplane/forwarding/health_table.hh"
#include "dataplane/forwarding/snapshot.hh"
#include "dataplane/pipeline/burst.hh"
#include "dataplane/pipeline/worker_counters.hh"

namespace guideway {

// Calls decide(packet) for every active packet. It returns the exit by which the packet leaves, or GW_EXIT_SENT for
// those that go on; these stay active, in order.
template <typename Decide>
void for_each_active(Burst& burst, Decide decide) noexcept {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < burst.active_count; ++i) {
    const std::uint8_t at = burst.active[i];
    Packet& packet = burst.packets[at];
    const gw_exit exit = decide(packet);
    packet.exit = static_cast<std::uint8_t>(exit);
    burst.active[kept] = at;
    kept += exit == GW_EXIT_SENT ? 1 : 0;
  }
  burst.active_count = kept;
}

// Section 1: reads Ethernet, IP and L4 headers into the descriptor, never beyond the frame.
void parse(Burst& burst, const ServiceTable& services) noexcept;

// Section 2, and the flow's hash.
void match_service(Burst& burst, const Snapshot& snapshot) noexcept;

// Section 3. What a worker remembers, and its random-free cursors.
struct ChooseState {
  FlowTable& flows;
  const HealthTable& health;
  std::span<std::uint32_t> round_robin_cursors;  // by service id
  gw_worker_counters& counters;
};
void choose_backend(Burst& burst, ChooseState state, std::uint32_t now_ticks) noexcept;

// Section 4: rewrites the packet for its backend.
void forward(Burst& burst, const Snapshot& snapshot) noexcept;

}  // namespace guideway
