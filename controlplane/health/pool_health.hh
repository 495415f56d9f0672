// SPDX-License-Identifier: Apache-2.0
// What the health of a pool's backends together decides. Pure: time is handed in as steady milliseconds.
//
// Panic: while fewer than `panic_percent` of those that could serve do, checks are ignored: all of the load would
// melt the few that are left. It ends ten points higher, so that it does not come and go.
// Quorum: whether enough backends are up. It is lost only after a second below, and found again after three above.
#pragma once

#include <cstdint>
#include <optional>

namespace guideway {

struct PoolPolicy {
  std::uint32_t panic_percent = 0;  // 0: never
  std::uint32_t quorum = 1;
  friend bool operator==(const PoolPolicy&, const PoolPolicy&) = default;
};

// Of a pool's backends, those that an operator or an agent wants to serve, whose next hop is known, and whose checks
// have said something.
struct PoolCounts {
  std::uint32_t could_serve = 0;
  std::uint32_t serve = 0;  // of these, those that checks let
};

class PoolHealth {
 public:
  static constexpr std::int64_t lost_after_ms = 1000;
  static constexpr std::int64_t found_after_ms = 3000;
  // A pool that is new has this long to show its quorum before it is missed.
  static constexpr std::int64_t begins_within_ms = 5000;
  static constexpr std::uint32_t panic_ends_above_percent = 10;

  // `quorum`: what is known from before; nothing if nothing is.
  PoolHealth(std::optional<bool> quorum, std::int64_t now_ms);

  // True if panic or quorum changed. Call it whenever the counts may have changed, and every second or so.
  bool update(const PoolPolicy& policy, const PoolCounts& counts, std::int64_t now_ms);

  [[nodiscard]] bool panic() const noexcept { return panic_; }
  // Nothing until it is known for the first time.
  [[nodiscard]] std::optional<bool> quorum() const noexcept { return quorum_; }

 private:
  [[nodiscard]] bool wants_panic(const PoolPolicy& policy, const PoolCounts& counts) const;
  [[nodiscard]] std::int64_t patience_ms(bool is_met) const;

  bool panic_ = false;
  std::optional<bool> quorum_;
  std::int64_t agreed_at_ms_;  // when the counts last agreed with quorum_
};

}  // namespace guideway
