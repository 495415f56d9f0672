// SPDX-License-Identifier: Apache-2.0
// Which slots of a table move (their home is not their current backend), and since when. One change of the members
// makes thousands move at once, to and from a few backends: they are kept change by change.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ebpf/abi/slot.h"

namespace guideway {

class MovingSlots {
 public:
  using IsAlive = std::function<bool(std::uint32_t backend)>;

  [[nodiscard]] bool empty() const noexcept { return changes_.empty(); }
  [[nodiscard]] std::uint32_t count() const noexcept;

  // Slots, in rising order, that move in `table` from now on.
  void begin(std::vector<std::uint32_t> slots, std::span<const gw_slot> table, std::int64_t since_ms);
  // Lets go of those that no longer move in `table`.
  void settle(std::span<const gw_slot> table);

  // Whether any has been moving for `idle_timeout_ms` or has a home that is not alive, and which.
  [[nodiscard]] bool any_due(std::int64_t now_ms, std::int64_t idle_timeout_ms, const IsAlive& alive) const;
  [[nodiscard]] std::vector<std::uint32_t> due(std::span<const gw_slot> table, std::int64_t now_ms,
                                               std::int64_t idle_timeout_ms, const IsAlive& alive) const;
  [[nodiscard]] bool has_home(std::uint32_t backend) const;

  // What one change made move, as far as it still does.
  struct OfChange {
    std::int64_t since_ms = 0;
    std::vector<std::uint32_t> slots;  // rising, at least one
    std::vector<std::uint32_t> homes;  // theirs, rising, each once
  };
  [[nodiscard]] std::span<const OfChange> changes() const noexcept { return changes_; }

 private:
  std::vector<OfChange> changes_;  // oldest first
};

}  // namespace guideway
