// SPDX-License-Identifier: Apache-2.0
// Which slot a service's scheduler tries first (docs/packet-path.md, section 3), and which slot is a flow's own.
#pragma once

#include <cstdint>

#include "dataplane/pipeline/steps.hh"
#include "ebpf/abi/slot.h"
#include "ebpf/abi/source.h"

namespace guideway {

// What a flow's slot and its probes are derived from: the flow's hash, or that of its source alone.
[[nodiscard]] inline std::uint64_t choice_hash(const Packet& packet, const gw_hash_key& key) noexcept {
  const gw_service& row = packet.service->row;
  if (row.scheduler != GW_SCHEDULER_SOURCE) return packet.hash;
  const gw_source source = gw_mask_source(packet.flow.source, packet.flow.family, row.source_bits);
  return gw_hash_source(&key, &source, packet.flow.family);
}

// Whether the slot of a new flow has anything to do with its hash.
[[nodiscard]] inline bool begins_at_own_slot(const gw_service& row) noexcept {
  return row.scheduler != GW_SCHEDULER_ROUND_ROBIN && row.scheduler != GW_SCHEDULER_RANDOM;
}

// The first slot for a flow whose own slot is `own_slot`. Moves cursors and the random state.
[[nodiscard]] std::uint32_t first_slot(const Packet& packet, ChooseState& state, std::uint32_t own_slot) noexcept;

}  // namespace guideway
