// SPDX-License-Identifier: Apache-2.0
// The steps of the pipeline, one a file. Each takes the burst, keeps the packets that go on active, and lets the
// others leave by a named exit. What each decides is written down in docs/packet-path.md.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/forwarding/flow_hash.hh"
#include "dataplane/forwarding/flow_table.hh"
#include "dataplane/forwarding/health_table.hh"
#include "dataplane/forwarding/snapshot.hh"
#include "dataplane/pipeline/answers.hh"
#include "dataplane/pipeline/burst.hh"
#include "dataplane/pipeline/crew.hh"
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

// Section 2, first half: the service, and the flow's hash.
struct FlowHasher {
  HashLanes hash = best_hash();
  FlowLanes lanes;
};
void match_service(Burst& burst, const Snapshot& snapshot, FlowHasher& hasher) noexcept;
static_assert(burst_packets_max <= flows_hashed_max);

// Section 2, second half: access lists and limits of new flows. One worker's buckets, and the time.
struct Admission {
  const Snapshot& snapshot;
  std::span<gw_bucket> of_services;  // by service id
  std::span<gw_bucket> of_sources;   // GW_LIMIT_CELLS of them
  std::uint32_t worker_count;
  std::uint32_t now_ticks;
};
void admit(Burst& burst, const Admission& admission) noexcept;
// The tokens that a new flow takes; also for UDP, where only choose_backend knows that a flow is new.
[[nodiscard]] gw_exit take_flow_tokens(const Packet& packet, const Admission& admission) noexcept;

// Section 3. What a worker remembers and may ask.
struct ChooseState {
  FlowTable& flows;
  const Crew& crew;
  const HealthTable& health;
  std::span<std::uint32_t> round_robin_cursors;  // by service id
  std::uint64_t& random_state;
  gw_worker_counters& counters;
  const Admission& admission;
  Answers& answers;
};
void choose_backend(Burst& burst, ChooseState& state) noexcept;

// Section 4: rewrites the packet for its backend.
void forward(Burst& burst, const Snapshot& snapshot, Answers& answers) noexcept;
// One packet: its exit.
[[nodiscard]] gw_exit forward_packet(Packet& packet, const gw_backend& backend, Answers& answers) noexcept;

}  // namespace guideway
