// SPDX-License-Identifier: Apache-2.0
#include "controlplane/compile/moving_slots.hh"

#include <algorithm>
#include <array>
#include <utility>

namespace guideway {
namespace {

std::vector<std::uint32_t> homes_of(const std::vector<std::uint32_t>& slots, std::span<const gw_slot> table) {
  std::vector<std::uint32_t> homes;
  // Homes alternate from slot to slot, and there are few: nearly all were seen just before.
  std::array<std::uint32_t, 256> seen_last{};
  seen_last.fill(GW_NO_BACKEND);
  for (const std::uint32_t slot : slots) {
    const std::uint32_t home = table[slot].home_backend;
    if (std::exchange(seen_last[home % seen_last.size()], home) != home) homes.push_back(home);
  }
  std::sort(homes.begin(), homes.end());
  homes.erase(std::unique(homes.begin(), homes.end()), homes.end());
  return homes;
}

bool moves(const gw_slot& slot) { return slot.home_backend != slot.current_backend; }

}  // namespace

std::uint32_t MovingSlots::count() const noexcept {
  std::size_t count = 0;
  for (const OfChange& change : changes_) count += change.slots.size();
  return static_cast<std::uint32_t>(count);
}

void MovingSlots::begin(std::vector<std::uint32_t> slots, std::span<const gw_slot> table, std::int64_t since_ms) {
  if (slots.empty()) return;
  std::vector<std::uint32_t> homes = homes_of(slots, table);
  changes_.push_back({since_ms, std::move(slots), std::move(homes)});
}

void MovingSlots::settle(std::span<const gw_slot> table) {
  for (OfChange& change : changes_) {
    const auto end = std::remove_if(change.slots.begin(), change.slots.end(),
                                    [&](std::uint32_t slot) { return !moves(table[slot]); });
    if (end == change.slots.end()) continue;
    change.slots.erase(end, change.slots.end());
    change.homes = homes_of(change.slots, table);
  }
  changes_.erase(
      std::remove_if(changes_.begin(), changes_.end(), [](const OfChange& change) { return change.slots.empty(); }),
      changes_.end());
}

bool MovingSlots::any_due(std::int64_t now_ms, std::int64_t idle_timeout_ms, const IsAlive& alive) const {
  return std::any_of(changes_.begin(), changes_.end(), [&](const OfChange& change) {
    return now_ms - change.since_ms >= idle_timeout_ms || !std::all_of(change.homes.begin(), change.homes.end(), alive);
  });
}

std::vector<std::uint32_t> MovingSlots::due(std::span<const gw_slot> table, std::int64_t now_ms,
                                            std::int64_t idle_timeout_ms, const IsAlive& alive) const {
  std::vector<std::uint32_t> due;
  for (const OfChange& change : changes_) {
    const bool is_over = now_ms - change.since_ms >= idle_timeout_ms;
    if (!is_over && std::all_of(change.homes.begin(), change.homes.end(), alive)) continue;
    std::copy_if(change.slots.begin(), change.slots.end(), std::back_inserter(due),
                 [&](std::uint32_t slot) { return is_over || !alive(table[slot].home_backend); });
  }
  return due;
}

bool MovingSlots::has_home(std::uint32_t backend) const {
  return std::any_of(changes_.begin(), changes_.end(), [&](const OfChange& change) {
    return std::binary_search(change.homes.begin(), change.homes.end(), backend);
  });
}

}  // namespace guideway
