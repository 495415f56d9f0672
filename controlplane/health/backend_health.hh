// SPDX-License-Identifier: Apache-2.0
// The health of one backend as a pure state machine. Three layers that do not overwrite each other go in: what an
// operator says (administrative), what checks and the kernel say (operational), and what its agent says; and beside
// them what its pool decided (panic, share of the load). The contents of its health word (ebpf/abi/health.h) come out.
// No clock, no I/O: time is handed in as steady milliseconds. Every input says whether the word changed, so that a
// caller stores only what is new.
//
// The first of these that applies is the answer:
//   disabled by an operator                 down, administrative
//   its agent says down or maint            down, agent
//   next hop unknown                        down, unresolved
//   no check has ever succeeded             down, not checked (the first success is enough)
//   checks fail                             down, check failed; while the pool is in panic: up, panic, full share
//   checks pass again, but it flaps         down, held (flap_damping.hh); in panic: up, panic, full share
//   leaving                                 draining, removed
//   draining by an operator                 draining, administrative
//   its agent says drain or 0 %             draining, agent
//   back after failed checks, slow start    up, slow start, share climbing from 5 % with every tick()
//   less than full by agent or load         up, agent or load, share
//   otherwise                               up, full share
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/config/schema.hh"
#include "controlplane/health/agent_report.hh"
#include "controlplane/health/check_verdicts.hh"
#include "controlplane/health/flap_damping.hh"
#include "controlplane/health/health_state.hh"
#include "controlplane/health/probe_result.hh"

namespace guideway {

struct HealthPolicy {
  bool checked = true;  // false: check kind none, the backend is taken to pass
  std::uint32_t rise = 2;
  std::uint32_t fall = 3;
  std::uint32_t slow_start_ms = 0;
  FlapPolicy flap{};
  std::vector<CheckLimits> further_checks{};
  CheckRule rule = CheckRule::all;
  friend bool operator==(const HealthPolicy&, const HealthPolicy&) = default;
};

class BackendHealth {
 public:
  // A backend that nothing is known of: enabled, next hop unknown, not checked.
  BackendHealth(const HealthPolicy& policy, std::int64_t now_ms);
  // A backend whose health word outlived the last control plane. What was up stays up until `fall` failures and with
  // the next hop taken as known until set_resolved() says otherwise; a slow start goes on where it was; what had
  // failed checks needs `rise` successes, and what was held is not any more. A word that does not tell the checks'
  // verdict counts as not checked.
  BackendHealth(const HealthPolicy& policy, const HealthState& known, std::int64_t now_ms);

  // `number`: of several checks, which; the first is 0.
  bool check_result(ProbeOutcome outcome, std::string detail, std::int64_t now_ms, std::size_t number = 0);
  // Enabling one by hand ends a hold: somebody vouches for it.
  bool set_administrative(Administrative administrative, std::int64_t now_ms);
  bool set_agent(AgentReport report, std::int64_t now_ms);
  bool set_leaving(bool leaving, std::int64_t now_ms);
  bool set_resolved(bool resolved, std::int64_t now_ms);
  // Its pool's: whether failed checks are ignored, and how much of its part it should take (1 to GW_SHARE_FULL).
  bool set_panic(bool panic, std::int64_t now_ms);
  bool set_load_share(std::uint32_t share, std::int64_t now_ms);
  // Counters and verdict of the checks stay; turning checks off makes the backend pass, turning them on keeps the
  // verdict until `fall` failures.
  bool set_policy(const HealthPolicy& policy, std::int64_t now_ms);
  // Moves a slow start on and ends a hold. Call it every 100 to 1000 ms while wants_ticks().
  bool tick(std::int64_t now_ms);

  [[nodiscard]] const HealthState& state() const noexcept { return state_; }
  [[nodiscard]] bool wants_ticks() const noexcept;
  // When the state (not the share) last changed.
  [[nodiscard]] std::int64_t changed_at_ms() const noexcept { return changed_at_ms_; }

  // The layers. Operational is what checks and the kernel alone would make of it: up, or down with the reason.
  [[nodiscard]] Administrative administrative() const noexcept { return administrative_; }
  [[nodiscard]] HealthState operational(std::int64_t now_ms) const;
  [[nodiscard]] const std::optional<AgentReport>& agent() const noexcept { return agent_; }
  // When a hold ends; nothing if it is not held.
  [[nodiscard]] std::optional<std::int64_t> held_until_ms() const noexcept;
  [[nodiscard]] std::uint32_t falls(std::int64_t now_ms) const { return damping_.falls(policy_.flap, now_ms); }

  // What the last check said; empty before the first.
  [[nodiscard]] const std::string& last_check() const noexcept { return last_check_; }
  // Its checks, each with its own count and pace.
  [[nodiscard]] const CheckVerdicts& checks() const noexcept { return checks_; }

 private:
  [[nodiscard]] HealthState judge(std::int64_t now_ms);
  [[nodiscard]] HealthState judge_new_flows(std::int64_t now_ms);
  [[nodiscard]] std::uint32_t climbed_share(std::int64_t now_ms) const;
  bool settle(std::int64_t now_ms);

  HealthPolicy policy_;
  Administrative administrative_ = Administrative::enabled;
  std::optional<AgentReport> agent_;
  bool leaving_ = false;
  bool resolved_ = false;
  bool panic_ = false;
  std::uint32_t load_share_ = GW_SHARE_FULL;
  CheckVerdicts checks_;
  Verdict verdict_before_ = Verdict::never_passed;
  FlapDamping damping_;
  bool must_climb_ = false;  // failed checks since it was last up at full share, and has not begun to climb
  bool climbing_ = false;
  std::int64_t climb_began_ms_ = 0;
  std::int64_t changed_at_ms_ = 0;
  std::string last_check_;
  HealthState state_;
};

}  // namespace guideway
