// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/pool_health.hh"

#include <algorithm>

namespace guideway {

PoolHealth::PoolHealth(std::optional<bool> quorum, std::int64_t now_ms) : quorum_(quorum), agreed_at_ms_(now_ms) {}

bool PoolHealth::wants_panic(const PoolPolicy& policy, const PoolCounts& counts) const {
  if (policy.panic_percent == 0 || counts.could_serve == 0) return false;
  const std::uint32_t percent =
      panic_ ? std::min(policy.panic_percent + panic_ends_above_percent, 100u) : policy.panic_percent;
  return std::uint64_t{counts.serve} * 100 < std::uint64_t{counts.could_serve} * percent;
}

std::int64_t PoolHealth::patience_ms(bool is_met) const {
  if (!quorum_) return is_met ? 0 : begins_within_ms;
  return is_met ? found_after_ms : lost_after_ms;
}

bool PoolHealth::update(const PoolPolicy& policy, const PoolCounts& counts, std::int64_t now_ms) {
  bool changed = false;
  if (const bool panic = wants_panic(policy, counts); panic != panic_) {
    panic_ = panic;
    changed = true;
  }
  const bool is_met = counts.serve >= policy.quorum;
  if (quorum_ && *quorum_ == is_met) {
    agreed_at_ms_ = now_ms;
  } else if (now_ms - agreed_at_ms_ >= patience_ms(is_met)) {
    quorum_ = is_met;
    agreed_at_ms_ = now_ms;
    changed = true;
  }
  return changed;
}

}  // namespace guideway
