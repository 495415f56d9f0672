// SPDX-License-Identifier: Apache-2.0
// How long a backend that keeps failing is kept out, although its checks pass again. Two falls are anybody's; the third
// holds it for `hold`, each further one for twice as long, up to `hold_max`, counted from the fall. A fall is forgotten
// for every `hold_max` that passed since the last one. Pure: time is handed in as steady milliseconds.
#pragma once

#include <cstdint>

namespace guideway {

struct FlapPolicy {
  std::uint32_t hold_ms = 10'000;  // 0: nobody is held
  std::uint32_t hold_max_ms = 300'000;
  friend bool operator==(const FlapPolicy&, const FlapPolicy&) = default;
};

class FlapDamping {
 public:
  static constexpr std::uint32_t falls_free = 2;

  // From passing to failing.
  void fell(const FlapPolicy& policy, std::int64_t now_ms);
  // An operator vouches for it.
  void forget() { *this = FlapDamping(); }

  [[nodiscard]] bool holds(std::int64_t now_ms) const noexcept { return now_ms < held_until_ms_; }
  [[nodiscard]] std::int64_t held_until_ms() const noexcept { return held_until_ms_; }
  // Falls that count against it now.
  [[nodiscard]] std::uint32_t falls(const FlapPolicy& policy, std::int64_t now_ms) const noexcept;

 private:
  std::uint32_t falls_ = 0;
  std::int64_t fell_at_ms_ = 0;
  std::int64_t held_until_ms_ = INT64_MIN;
};

}  // namespace guideway
