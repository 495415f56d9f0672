// SPDX-License-Identifier: Apache-2.0
// When a worker that finds nothing may sleep, and for how long. A polling core is busy all the time; on small machines
// and in labs it should not be. Sleeps grow from the first to the last length while nothing comes, and the first
// packet ends them.
#pragma once

#include <algorithm>
#include <cstdint>

namespace guideway {

struct IdleSettings {
  bool enabled = true;
  std::uint32_t empty_polls_before_sleep = 256;
  std::uint32_t first_sleep_us = 10;
  std::uint32_t last_sleep_us = 200;
};

class Idle {
 public:
  explicit Idle(const IdleSettings& settings) noexcept : settings_(settings), sleep_us_(settings.first_sleep_us) {}

  // Says after each poll how long to sleep: 0 is not at all.
  [[nodiscard]] std::uint32_t sleep_us_after(bool found_something) noexcept {
    if (!settings_.enabled) return 0;
    if (found_something) {
      empty_polls_ = 0;
      sleep_us_ = settings_.first_sleep_us;
      return 0;
    }
    if (empty_polls_ < settings_.empty_polls_before_sleep) {
      ++empty_polls_;
      return 0;
    }
    const std::uint32_t sleep_us = sleep_us_;
    sleep_us_ = std::min(sleep_us_ * 2, settings_.last_sleep_us);
    return sleep_us;
  }

 private:
  IdleSettings settings_;
  std::uint32_t empty_polls_ = 0;
  std::uint32_t sleep_us_;
};

}  // namespace guideway
