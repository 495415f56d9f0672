// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/health_state.hh"

namespace guideway {

HealthState HealthState::of_word(std::uint64_t word) {
  HealthState state;
  state.share = gw_health_share(word);
  state.state = static_cast<gw_health_state>(gw_health_state_of(word));
  state.reason = static_cast<gw_health_reason>(gw_health_reason_of(word));
  return state;
}

std::uint64_t HealthState::word(std::uint32_t generation) const {
  return gw_health_word(share, state, reason, generation);
}

std::string_view name_of(gw_health_state state) {
  switch (state) {
    case GW_HEALTH_ABSENT:
      return "absent";
    case GW_HEALTH_UP:
      return "up";
    case GW_HEALTH_DRAINING:
      return "draining";
    case GW_HEALTH_DOWN:
      return "down";
  }
  return "unknown";
}

std::string_view name_of(gw_health_reason reason) {
  switch (reason) {
    case GW_REASON_NONE:
      return "none";
    case GW_REASON_NOT_CHECKED:
      return "not checked";
    case GW_REASON_CHECK_FAILED:
      return "check failed";
    case GW_REASON_UNRESOLVED:
      return "unresolved";
    case GW_REASON_ADMINISTRATIVE:
      return "administrative";
    case GW_REASON_REMOVED:
      return "removed";
    case GW_REASON_SLOW_START:
      return "slow start";
    case GW_REASON_HELD:
      return "held";
    case GW_REASON_PANIC:
      return "panic";
    case GW_REASON_AGENT:
      return "agent";
    case GW_REASON_LOAD:
      return "load";
  }
  return "unknown";
}

}  // namespace guideway
