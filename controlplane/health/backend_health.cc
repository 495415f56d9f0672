// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/backend_health.hh"

#include <algorithm>
#include <utility>

namespace guideway {
namespace {

constexpr std::uint32_t share_lowest = (GW_SHARE_FULL * 5 + 99) / 100;

}  // namespace

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
  }
  return "unknown";
}

BackendHealth::BackendHealth(const HealthPolicy& policy, std::int64_t now_ms)
    : policy_(policy), check_(policy.rise, policy.fall), changed_at_ms_(now_ms) {
  settle(now_ms);
}

BackendHealth::BackendHealth(const HealthPolicy& policy, const HealthState& known, std::int64_t now_ms)
    : policy_(policy), check_(policy.rise, policy.fall), changed_at_ms_(now_ms) {
  if (known.state == GW_HEALTH_UP || known.state == GW_HEALTH_DRAINING) {
    check_.set(Verdict::passing);
    resolved_ = true;
  }
  if (known.state == GW_HEALTH_UP && known.reason == GW_REASON_SLOW_START) {
    climbing_ = true;
    const std::uint64_t climbed = std::clamp(known.share, share_lowest, GW_SHARE_FULL) - share_lowest;
    climb_began_ms_ =
        now_ms - static_cast<std::int64_t>(climbed * policy_.slow_start_ms / (GW_SHARE_FULL - share_lowest));
  }
  if (known.state == GW_HEALTH_DRAINING) {
    leaving_ = known.reason == GW_REASON_REMOVED;
    if (!leaving_) administrative_ = Administrative::draining;
  }
  if (known.state == GW_HEALTH_DOWN && known.reason == GW_REASON_CHECK_FAILED) {
    check_.set(Verdict::failing);
    must_climb_ = true;
    resolved_ = true;  // or the word would have said unresolved
  }
  if (known.state == GW_HEALTH_DOWN && known.reason == GW_REASON_ADMINISTRATIVE) {
    administrative_ = Administrative::disabled;
  }
  settle(now_ms);
}

bool BackendHealth::check_result(ProbeOutcome outcome, std::string detail, std::int64_t now_ms) {
  last_check_ = std::move(detail);
  check_.add(outcome);
  return settle(now_ms);
}

bool BackendHealth::set_administrative(Administrative administrative, std::int64_t now_ms) {
  administrative_ = administrative;
  return settle(now_ms);
}

bool BackendHealth::set_leaving(bool leaving, std::int64_t now_ms) {
  leaving_ = leaving;
  return settle(now_ms);
}

bool BackendHealth::set_resolved(bool resolved, std::int64_t now_ms) {
  resolved_ = resolved;
  return settle(now_ms);
}

bool BackendHealth::set_policy(const HealthPolicy& policy, std::int64_t now_ms) {
  policy_ = policy;
  check_.set_limits(policy.rise, policy.fall);
  return settle(now_ms);
}

bool BackendHealth::tick(std::int64_t now_ms) { return settle(now_ms); }

bool BackendHealth::settle(std::int64_t now_ms) {
  // Without checks a backend passes, and goes on passing should checks be turned on: the operator vouched for it.
  if (!policy_.checked) {
    check_.set(Verdict::passing);
    must_climb_ = false;
  }
  if (check_.verdict() == Verdict::failing) {
    must_climb_ = true;
    climbing_ = false;
  }
  const HealthState before = std::exchange(state_, judge(now_ms));
  if (state_.state != before.state) changed_at_ms_ = now_ms;
  return state_ != before;
}

HealthState BackendHealth::judge(std::int64_t now_ms) {
  const auto down = [](gw_health_reason reason) { return HealthState{0, GW_HEALTH_DOWN, reason}; };
  const auto draining = [](gw_health_reason reason) { return HealthState{0, GW_HEALTH_DRAINING, reason}; };
  if (administrative_ == Administrative::disabled) return down(GW_REASON_ADMINISTRATIVE);
  if (!resolved_) return down(GW_REASON_UNRESOLVED);
  if (policy_.checked && check_.verdict() == Verdict::never_passed) return down(GW_REASON_NOT_CHECKED);
  if (policy_.checked && check_.verdict() == Verdict::failing) return down(GW_REASON_CHECK_FAILED);
  if (leaving_) return draining(GW_REASON_REMOVED);
  if (administrative_ == Administrative::draining) return draining(GW_REASON_ADMINISTRATIVE);
  // The climb begins when the backend may have flows again, not when its checks pass: it may be drained meanwhile.
  if (std::exchange(must_climb_, false)) {
    climbing_ = true;
    climb_began_ms_ = now_ms;
  }
  if (climbing_) {
    const std::uint32_t share = climbed_share(now_ms);
    if (share < GW_SHARE_FULL) return HealthState{share, GW_HEALTH_UP, GW_REASON_SLOW_START};
    climbing_ = false;
  }
  return HealthState{GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE};
}

std::uint32_t BackendHealth::climbed_share(std::int64_t now_ms) const {
  const std::int64_t elapsed_ms = std::max<std::int64_t>(now_ms - climb_began_ms_, 0);
  if (elapsed_ms >= policy_.slow_start_ms) return GW_SHARE_FULL;
  const std::int64_t climbed = std::int64_t{GW_SHARE_FULL - share_lowest} * elapsed_ms / policy_.slow_start_ms;
  return share_lowest + static_cast<std::uint32_t>(climbed);
}

}  // namespace guideway
