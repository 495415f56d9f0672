// SPDX-License-Identifier: Apache-2.0
// Every sequence of results of two checks against the rule stated over their single verdicts, and backends on top.
#include "controlplane/health/check_verdicts.hh"

#include <gtest/gtest.h>

#include <string>

#include "controlplane/health/backend_health.hh"

namespace guideway {
namespace {

constexpr ProbeOutcome ok = ProbeOutcome::ok;
constexpr ProbeOutcome failed = ProbeOutcome::failed;

Verdict by_rule(CheckRule rule, Verdict a, Verdict b) {
  const auto has = [&](Verdict wanted) { return a == wanted || b == wanted; };
  if (rule == CheckRule::all) {
    if (a == Verdict::passing && b == Verdict::passing) return Verdict::passing;
    return has(Verdict::failing) ? Verdict::failing : Verdict::never_passed;
  }
  if (has(Verdict::passing)) return Verdict::passing;
  return has(Verdict::failing) ? Verdict::failing : Verdict::never_passed;
}

TEST(CheckVerdicts, EverySequenceOfTwoChecks) {
  constexpr int length = 7;
  constexpr ProbeOutcome outcomes[] = {ok, failed, ProbeOutcome::inconclusive};
  int sequences = 1;
  for (int i = 0; i < length; ++i) sequences *= 6;
  for (const CheckRule rule : {CheckRule::all, CheckRule::any}) {
    for (int sequence = 0; sequence < sequences; ++sequence) {
      CheckVerdicts both(rule, {{2, 2}, {1, 3}});
      CheckVerdict first(2, 2);
      CheckVerdict second(1, 3);
      for (int i = 0, left = sequence; i < length; ++i, left /= 6) {
        const ProbeOutcome outcome = outcomes[left % 3];
        const std::size_t number = left % 6 < 3 ? 0 : 1;
        both.add(number, outcome);
        (number == 0 ? first : second).add(outcome);
        ASSERT_EQ(both.verdict(), by_rule(rule, first.verdict(), second.verdict())) << sequence << " at " << i;
        ASSERT_EQ(both.of(number).pace(), (number == 0 ? first : second).pace());
      }
    }
  }
}

TEST(CheckVerdicts, OneThatIsAddedDoesNotTakeDownWhatIsUp) {
  CheckVerdicts checks(CheckRule::all, {{2, 3}});
  checks.add(0, ok);
  checks.set_limits(CheckRule::all, {{2, 3}, {2, 2}});
  EXPECT_EQ(checks.verdict(), Verdict::passing);
  checks.add(1, failed);
  EXPECT_EQ(checks.verdict(), Verdict::passing) << "two in a row are wanted";
  checks.add(1, failed);
  EXPECT_EQ(checks.verdict(), Verdict::failing);
  checks.set_limits(CheckRule::all, {{2, 3}});
  EXPECT_EQ(checks.verdict(), Verdict::passing) << "the one that failed is gone";
  checks.add(1, failed);
  EXPECT_EQ(checks.count(), 1U);
}

TEST(CheckVerdicts, OneThatIsAddedToADownBackendMustPass) {
  CheckVerdicts checks(CheckRule::all, {{2, 3}});
  checks.set_limits(CheckRule::all, {{2, 3}, {2, 2}});
  checks.add(0, ok);
  EXPECT_EQ(checks.verdict(), Verdict::never_passed);
  checks.add(1, ok);
  EXPECT_EQ(checks.verdict(), Verdict::passing);
}

TEST(CheckVerdicts, ABackendIsUpByItsRule) {
  HealthPolicy policy{true, 1, 1, 0, {0, 0}, {{1, 2}}, CheckRule::all};
  BackendHealth health(policy, 0);
  health.set_resolved(true, 0);
  health.check_result(ok, "", 0, 0);
  EXPECT_EQ(health.state().reason, GW_REASON_NOT_CHECKED) << "the second has not passed yet";
  health.check_result(ok, "", 0, 1);
  EXPECT_EQ(health.state().state, GW_HEALTH_UP);
  health.check_result(failed, "", 0, 1);
  EXPECT_EQ(health.state().state, GW_HEALTH_UP);
  health.check_result(failed, "", 0, 1);
  EXPECT_EQ(health.state().reason, GW_REASON_CHECK_FAILED);
  policy.rule = CheckRule::any;
  health.set_policy(policy, 0);
  EXPECT_EQ(health.state().state, GW_HEALTH_UP) << "the first passes";
  health.check_result(failed, "", 0, 0);
  EXPECT_EQ(health.state().reason, GW_REASON_CHECK_FAILED);
  health.check_result(ok, "", 0, 1);
  EXPECT_EQ(health.state().state, GW_HEALTH_UP);
}

}  // namespace
}  // namespace guideway
