// SPDX-License-Identifier: Apache-2.0
// What befalls a BackendHealth in its tests, and the states that they expect.
#pragma once

#include <cstdint>
#include <string>

#include "controlplane/health/backend_health.hh"

namespace guideway {

inline constexpr HealthState full{GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE};
inline HealthState down(gw_health_reason reason) { return {0, GW_HEALTH_DOWN, reason}; }
inline HealthState draining(gw_health_reason reason) { return {0, GW_HEALTH_DRAINING, reason}; }

// 'o' succeeds, 'f' fails, 'i' is inconclusive; a check a second.
inline void feed(BackendHealth& health, const std::string& checks, std::int64_t& now_ms) {
  for (const char check : checks) {
    now_ms += 1000;
    health.check_result(check == 'o'   ? ProbeOutcome::ok
                        : check == 'f' ? ProbeOutcome::failed
                                       : ProbeOutcome::inconclusive,
                        std::string(1, check), now_ms);
  }
}

}  // namespace guideway
