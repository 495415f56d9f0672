// SPDX-License-Identifier: Apache-2.0
// Which backend takes a new flow: the first slot, then probing (docs/packet-path.md, section 3, step 4). A pure
// function of table, health and hash, used by the packet path and by whoever explains it.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/forwarding/health_table.hh"
#include "dataplane/forwarding/service_table.hh"
#include "ebpf/abi/slot.h"

namespace guideway {

struct Selection {
  std::uint32_t backend = GW_NO_BACKEND;
  std::uint32_t slot = 0;
  std::uint32_t tries = 0;  // slots looked at
};

// The first slot, of those that are tried from `first_slot` on, whose backend accepts. Nothing if none does.
[[nodiscard]] inline std::optional<Selection> select_accepting(const Service& service, const HealthTable& health,
                                                               std::uint64_t hash, std::uint32_t first_slot) noexcept {
  const std::uint32_t count = service.slot_count;
  const auto accepting = [&](std::uint32_t slot) noexcept {
    const std::uint32_t backend = service.slots[slot].current_backend;
    return backend != GW_NO_BACKEND && gw_slot_accepts(health.load(backend), slot) != 0;
  };
  std::uint32_t slot = first_slot;
  for (std::uint32_t i = 1; i <= GW_PROBES_DERIVED + 1; ++i) {
    if (accepting(slot)) return Selection{service.slots[slot].current_backend, slot, i};
    slot = gw_probe_slot(hash, i, count);
  }
  slot = first_slot;
  for (std::uint32_t i = 1; i <= GW_PROBES_WALKED; ++i) {
    slot = slot + 1 == count ? 0 : slot + 1;
    if (accepting(slot)) return Selection{service.slots[slot].current_backend, slot, GW_PROBES_DERIVED + 1 + i};
  }
  return std::nullopt;
}

}  // namespace guideway
