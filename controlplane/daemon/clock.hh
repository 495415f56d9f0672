// SPDX-License-Identifier: Apache-2.0
// The two clocks of the daemon: steady time for checks, wall-clock time for what is saved. The only place that asks.
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

}  // namespace guideway
