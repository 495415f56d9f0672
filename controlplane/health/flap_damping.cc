// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/flap_damping.hh"

#include <algorithm>

namespace guideway {

std::uint32_t FlapDamping::falls(const FlapPolicy& policy, std::int64_t now_ms) const noexcept {
  const std::int64_t forgotten = (now_ms - fell_at_ms_) / std::max(policy.hold_max_ms, 1u);
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(falls_ - forgotten, 0, falls_));
}

void FlapDamping::fell(const FlapPolicy& policy, std::int64_t now_ms) {
  // More falls than the longest hold needs would only take longer to forget.
  constexpr std::uint32_t falls_most = falls_free + 32;
  falls_ = std::min(falls(policy, now_ms) + 1, falls_most);
  fell_at_ms_ = now_ms;
  if (policy.hold_ms == 0 || falls_ <= falls_free) return;
  const std::uint32_t doublings = std::min(falls_ - falls_free - 1, 31u);
  const std::uint64_t hold_ms = std::min<std::uint64_t>(std::uint64_t{policy.hold_ms} << doublings, policy.hold_max_ms);
  held_until_ms_ = now_ms + static_cast<std::int64_t>(hold_ms);
  // A hold that is as long as it gets needs no more falls to be as long again.
  while (falls_ > falls_free + 1 && (std::uint64_t{policy.hold_ms} << (falls_ - falls_free - 2)) >= policy.hold_max_ms)
    --falls_;
}

}  // namespace guideway
