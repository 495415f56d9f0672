// SPDX-License-Identifier: Apache-2.0
// How closely a backend is watched: as usual, more closely while its results contradict what it is taken for (until
// `rise` or `fall` has decided), and less closely while it is down.
#pragma once

#include <cstdint>

namespace guideway {

enum class CheckPace : std::uint8_t { steady, fast, down };

// From one probe to the next, at each pace.
struct CheckIntervals {
  std::uint32_t steady_ms = 2000;
  std::uint32_t fast_ms = 2000;
  std::uint32_t down_ms = 2000;

  [[nodiscard]] std::uint32_t at(CheckPace pace) const noexcept {
    if (pace == CheckPace::fast) return fast_ms;
    return pace == CheckPace::down ? down_ms : steady_ms;
  }
};

}  // namespace guideway
