// SPDX-License-Identifier: Apache-2.0
// The clocks of the daemon: steady time for checks, lasting time for what is saved, the wall clock for people. The only
// place that asks.
#pragma once

#include <chrono>
#include <cstdint>

namespace guideway {

[[nodiscard]] inline std::int64_t steady_ms() {
  using std::chrono::milliseconds;
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

[[nodiscard]] inline std::int64_t wall_ms() {
  using std::chrono::milliseconds;
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Wall-clock time that lasts: while the process lives it goes on from what the clock said at first, so that setting
// the clock neither retires slots before their time nor ends drains.
[[nodiscard]] inline std::int64_t lasting_ms() {
  static const std::int64_t ahead_ms = wall_ms() - steady_ms();
  return steady_ms() + ahead_ms;
}

}  // namespace guideway
