// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/backend_health.hh"

#include <algorithm>
#include <utility>

namespace guideway {
namespace {

constexpr std::uint32_t share_lowest = (GW_SHARE_FULL * 5 + 99) / 100;

HealthState down(gw_health_reason reason) { return {0, GW_HEALTH_DOWN, reason}; }
HealthState draining(gw_health_reason reason) { return {0, GW_HEALTH_DRAINING, reason}; }

std::vector<CheckLimits> limits_of(const HealthPolicy& policy) {
  std::vector<CheckLimits> limits{{policy.rise, policy.fall}};
  limits.insert(limits.end(), policy.further_checks.begin(), policy.further_checks.end());
  return limits;
}

// `share` of `of`, both of GW_SHARE_FULL; never 0, since a backend that is up takes something.
std::uint32_t part_of(std::uint32_t share, std::uint32_t of) {
  return std::max(static_cast<std::uint32_t>(std::uint64_t{share} * of / GW_SHARE_FULL), 1u);
}

}  // namespace

BackendHealth::BackendHealth(const HealthPolicy& policy, std::int64_t now_ms)
    : policy_(policy), checks_(policy.rule, limits_of(policy)), changed_at_ms_(now_ms) {
  settle(now_ms);
}

BackendHealth::BackendHealth(const HealthPolicy& policy, const HealthState& known, std::int64_t now_ms)
    : policy_(policy), checks_(policy.rule, limits_of(policy)), changed_at_ms_(now_ms) {
  const bool failed =
      known.reason == GW_REASON_CHECK_FAILED || known.reason == GW_REASON_HELD || known.reason == GW_REASON_PANIC;
  if (failed) {
    checks_.set(Verdict::failing);
    must_climb_ = true;
    resolved_ = true;  // or the word would have said unresolved
    panic_ = known.reason == GW_REASON_PANIC;
  } else if (known.state == GW_HEALTH_UP || known.state == GW_HEALTH_DRAINING) {
    checks_.set(Verdict::passing);
    resolved_ = true;
  }
  if (known.state == GW_HEALTH_UP && known.reason == GW_REASON_SLOW_START) {
    climbing_ = true;
    const std::uint64_t climbed = std::clamp(known.share, share_lowest, GW_SHARE_FULL) - share_lowest;
    climb_began_ms_ =
        now_ms - static_cast<std::int64_t>(climbed * policy_.slow_start_ms / (GW_SHARE_FULL - share_lowest));
  }
  if (known.state == GW_HEALTH_UP && known.reason == GW_REASON_LOAD) load_share_ = std::max(known.share, 1u);
  if (known.state == GW_HEALTH_DRAINING) {
    leaving_ = known.reason == GW_REASON_REMOVED;
    if (known.reason == GW_REASON_ADMINISTRATIVE) administrative_ = Administrative::draining;
    if (known.reason == GW_REASON_AGENT) agent_ = AgentReport{AgentWord::drain, 100, ""};
  }
  if (known.state == GW_HEALTH_DOWN && known.reason == GW_REASON_ADMINISTRATIVE) {
    administrative_ = Administrative::disabled;
  }
  if (known.state == GW_HEALTH_DOWN && known.reason == GW_REASON_AGENT) agent_ = AgentReport{AgentWord::down, 100, ""};
  verdict_before_ = checks_.verdict();  // a fall of former days is not counted again
  settle(now_ms);
}

bool BackendHealth::check_result(ProbeOutcome outcome, std::string detail, std::int64_t now_ms, std::size_t number) {
  last_check_ = std::move(detail);
  checks_.add(number, outcome);
  return settle(now_ms);
}

bool BackendHealth::set_administrative(Administrative administrative, std::int64_t now_ms) {
  if (administrative == Administrative::enabled && administrative_ != administrative) damping_.forget();
  administrative_ = administrative;
  return settle(now_ms);
}

bool BackendHealth::set_agent(AgentReport report, std::int64_t now_ms) {
  report.percent = std::min(report.percent, 100u);
  agent_ = std::move(report);
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

bool BackendHealth::set_panic(bool panic, std::int64_t now_ms) {
  panic_ = panic;
  return settle(now_ms);
}

bool BackendHealth::set_load_share(std::uint32_t share, std::int64_t now_ms) {
  load_share_ = std::clamp(share, 1u, GW_SHARE_FULL);
  return settle(now_ms);
}

bool BackendHealth::set_policy(const HealthPolicy& policy, std::int64_t now_ms) {
  policy_ = policy;
  checks_.set_limits(policy.rule, limits_of(policy));
  if (policy_.flap.hold_ms == 0) damping_.forget();
  return settle(now_ms);
}

bool BackendHealth::tick(std::int64_t now_ms) { return settle(now_ms); }

bool BackendHealth::wants_ticks() const noexcept {
  return state_.reason == GW_REASON_SLOW_START || state_.reason == GW_REASON_HELD || state_.reason == GW_REASON_PANIC;
}

std::optional<std::int64_t> BackendHealth::held_until_ms() const noexcept {
  if (state_.reason != GW_REASON_HELD) return std::nullopt;
  return damping_.held_until_ms();
}

bool BackendHealth::settle(std::int64_t now_ms) {
  // Without checks a backend passes, and goes on passing should checks be turned on: the operator vouched for it.
  if (!policy_.checked) {
    checks_.set(Verdict::passing);
    must_climb_ = false;
    damping_.forget();
  }
  const Verdict before = std::exchange(verdict_before_, checks_.verdict());
  if (checks_.verdict() == Verdict::failing) {
    if (before != Verdict::failing) damping_.fell(policy_.flap, now_ms);
    must_climb_ = true;
    climbing_ = false;
  }
  const HealthState state_before = std::exchange(state_, judge(now_ms));
  if (state_.state != state_before.state) changed_at_ms_ = now_ms;
  return state_ != state_before;
}

HealthState BackendHealth::operational(std::int64_t now_ms) const {
  if (!resolved_) return down(GW_REASON_UNRESOLVED);
  if (checks_.verdict() == Verdict::never_passed) return down(GW_REASON_NOT_CHECKED);
  if (checks_.verdict() == Verdict::failing) return down(GW_REASON_CHECK_FAILED);
  if (damping_.holds(now_ms)) return down(GW_REASON_HELD);
  return {GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE};
}

HealthState BackendHealth::judge(std::int64_t now_ms) {
  if (administrative_ == Administrative::disabled) return down(GW_REASON_ADMINISTRATIVE);
  if (agent_ && (agent_->word == AgentWord::down || agent_->word == AgentWord::maint)) return down(GW_REASON_AGENT);
  const HealthState own = operational(now_ms);
  const bool is_bad = own.reason == GW_REASON_CHECK_FAILED || own.reason == GW_REASON_HELD;
  if (own.state != GW_HEALTH_UP && !(is_bad && panic_)) return own;
  if (leaving_) return draining(GW_REASON_REMOVED);
  if (administrative_ == Administrative::draining) return draining(GW_REASON_ADMINISTRATIVE);
  if (agent_ && (agent_->word == AgentWord::drain || agent_->percent == 0)) return draining(GW_REASON_AGENT);
  if (is_bad) return {GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_PANIC};
  return judge_new_flows(now_ms);
}

// It may have new flows; how many?
HealthState BackendHealth::judge_new_flows(std::int64_t now_ms) {
  const std::uint32_t agent_share = agent_ ? agent_->percent * GW_SHARE_FULL / 100 : GW_SHARE_FULL;
  const std::uint32_t most = part_of(load_share_, agent_share);
  // The climb begins when the backend may have flows again, not when its checks pass: it may be drained meanwhile.
  if (std::exchange(must_climb_, false)) {
    climbing_ = true;
    climb_began_ms_ = now_ms;
  }
  if (climbing_) {
    const std::uint32_t share = climbed_share(now_ms);
    if (share < GW_SHARE_FULL) return {part_of(share, most), GW_HEALTH_UP, GW_REASON_SLOW_START};
    climbing_ = false;
  }
  if (most == GW_SHARE_FULL) return {GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE};
  return {most, GW_HEALTH_UP, agent_share < load_share_ ? GW_REASON_AGENT : GW_REASON_LOAD};
}

std::uint32_t BackendHealth::climbed_share(std::int64_t now_ms) const {
  const std::int64_t elapsed_ms = std::max<std::int64_t>(now_ms - climb_began_ms_, 0);
  if (elapsed_ms >= policy_.slow_start_ms) return GW_SHARE_FULL;
  const std::int64_t climbed = std::int64_t{GW_SHARE_FULL - share_lowest} * elapsed_ms / policy_.slow_start_ms;
  return share_lowest + static_cast<std::uint32_t>(climbed);
}

}  // namespace guideway
