// SPDX-License-Identifier: Apache-2.0
// The health of one backend as a pure state machine: checks, the operator's word, the next hop and the way out go in,
// the contents of its health word (ebpf/abi/health.h) come out. No clock, no I/O: time is handed in as steady
// milliseconds. Every input says whether the word changed, so that a caller stores only what is new.
//
// The first of these that applies is the answer:
//   disabled by an operator                 down, administrative
//   next hop unknown                        down, unresolved
//   no check has ever succeeded             down, not checked (the first success is enough)
//   `fall` failures in a row                down, check failed (until `rise` successes in a row)
//   leaving                                 draining, removed
//   draining by an operator                 draining, administrative
//   back after failed checks, slow start    up, slow start, share climbing from 5 % with every tick()
//   otherwise                               up, full share
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "controlplane/config/schema.hh"
#include "controlplane/health/check_verdict.hh"
#include "controlplane/health/probe_result.hh"
#include "ebpf/abi/health.h"

namespace guideway {

struct HealthPolicy {
  bool checked = true;  // false: check kind none, the backend is taken to pass
  std::uint32_t rise = 2;
  std::uint32_t fall = 3;
  std::uint32_t slow_start_ms = 0;
  friend bool operator==(const HealthPolicy&, const HealthPolicy&) = default;
};

// The health word without its generation.
struct HealthState {
  std::uint32_t share = 0;
  gw_health_state state = GW_HEALTH_DOWN;
  gw_health_reason reason = GW_REASON_NOT_CHECKED;

  [[nodiscard]] static HealthState of_word(std::uint64_t word);
  [[nodiscard]] std::uint64_t word(std::uint32_t generation) const;
  friend bool operator==(const HealthState&, const HealthState&) = default;
};

// The words for people, the same in the CLI, the API and the log: "up", "check failed".
[[nodiscard]] std::string_view name_of(gw_health_state state);
[[nodiscard]] std::string_view name_of(gw_health_reason reason);

class BackendHealth {
 public:
  // A backend that nothing is known of: enabled, next hop unknown, not checked.
  BackendHealth(const HealthPolicy& policy, std::int64_t now_ms);
  // A backend whose health word outlived the last control plane. What was up stays up until `fall` failures and with
  // the next hop taken as known until set_resolved() says otherwise; a slow start goes on where it was; what had
  // failed checks needs `rise` successes. A word that does not tell the checks' verdict counts as not checked.
  BackendHealth(const HealthPolicy& policy, const HealthState& known, std::int64_t now_ms);

  bool check_result(ProbeOutcome outcome, std::string detail, std::int64_t now_ms);
  bool set_administrative(Administrative administrative, std::int64_t now_ms);
  bool set_leaving(bool leaving, std::int64_t now_ms);
  bool set_resolved(bool resolved, std::int64_t now_ms);
  // Counters and verdict of the checks stay; turning checks off makes the backend pass, turning them on keeps the
  // verdict until `fall` failures.
  bool set_policy(const HealthPolicy& policy, std::int64_t now_ms);
  // Moves a slow start on. Call it every 100 to 1000 ms while climbing().
  bool tick(std::int64_t now_ms);

  [[nodiscard]] const HealthState& state() const noexcept { return state_; }
  [[nodiscard]] bool climbing() const noexcept { return state_.reason == GW_REASON_SLOW_START; }
  // When the state (not the share) last changed.
  [[nodiscard]] std::int64_t changed_at_ms() const noexcept { return changed_at_ms_; }
  // What the last check said; empty before the first.
  [[nodiscard]] const std::string& last_check() const noexcept { return last_check_; }
  // How closely its check should watch it.
  [[nodiscard]] CheckPace pace() const noexcept { return check_.pace(); }
  [[nodiscard]] std::uint32_t failures_in_a_row() const noexcept { return check_.failures_in_a_row(); }
  [[nodiscard]] std::uint32_t successes_in_a_row() const noexcept { return check_.successes_in_a_row(); }

 private:
  [[nodiscard]] HealthState judge(std::int64_t now_ms);
  [[nodiscard]] std::uint32_t climbed_share(std::int64_t now_ms) const;
  bool settle(std::int64_t now_ms);

  HealthPolicy policy_;
  Administrative administrative_ = Administrative::enabled;
  bool leaving_ = false;
  bool resolved_ = false;
  CheckVerdict check_;
  bool must_climb_ = false;  // failed checks since it was last up at full share, and has not begun to climb
  bool climbing_ = false;
  std::int64_t climb_began_ms_ = 0;
  std::int64_t changed_at_ms_ = 0;
  std::string last_check_;
  HealthState state_;
};

}  // namespace guideway
