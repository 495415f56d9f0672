// SPDX-License-Identifier: Apache-2.0
// Sequences of checks and operator's words against the rules at the head of backend_health.hh; the exhaustive tests
// hold it to a second, independent statement of the same rules.
#include "controlplane/health/backend_health.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/controlplane/health/backend_health_steps.hh"

namespace guideway {
namespace {

BackendHealth resolved_backend(const HealthPolicy& policy) {
  BackendHealth health(policy, 0);
  health.set_resolved(true, 0);
  return health;
}

HealthState after(const std::string& checks, const HealthPolicy& policy = {}) {
  BackendHealth health = resolved_backend(policy);
  std::int64_t now_ms = 0;
  feed(health, checks, now_ms);
  return health.state();
}

TEST(BackendHealth, IsDownUntilTheFirstSuccess) {
  BackendHealth fresh(HealthPolicy{}, 0);
  EXPECT_EQ(fresh.state(), down(GW_REASON_UNRESOLVED));
  EXPECT_EQ(after(""), down(GW_REASON_NOT_CHECKED));
  EXPECT_EQ(after("fffff"), down(GW_REASON_NOT_CHECKED));
  EXPECT_EQ(after("fffffo"), full) << "one success is enough the first time";
  EXPECT_EQ(after("o"), full);
}

TEST(BackendHealth, FallsAndRisesByCountsInARow) {
  EXPECT_EQ(after("off"), full);
  EXPECT_EQ(after("offoff"), full) << "a success between starts the count again";
  EXPECT_EQ(after("offf"), down(GW_REASON_CHECK_FAILED));
  EXPECT_EQ(after("offfo"), down(GW_REASON_CHECK_FAILED));
  EXPECT_EQ(after("offfofo"), down(GW_REASON_CHECK_FAILED)) << "a failure between starts the count again";
  EXPECT_EQ(after("offfoo"), full);
}

TEST(BackendHealth, InconclusiveChecksChangeNothing) {
  EXPECT_EQ(after("iii"), down(GW_REASON_NOT_CHECKED));
  EXPECT_EQ(after("offiiif"), down(GW_REASON_CHECK_FAILED)) << "they neither add to a row nor break it";
  EXPECT_EQ(after("oiiiiii"), full);
  EXPECT_EQ(after("offfoio"), full);
}

TEST(BackendHealth, AgreesWithTheRulesOnEverySequence) {
  constexpr int length = 9;
  for (std::uint32_t rise = 1; rise <= 3; ++rise) {
    for (std::uint32_t fall = 1; fall <= 3; ++fall) {
      int sequences = 1;
      for (int i = 0; i < length; ++i) sequences *= 3;
      for (int number = 0; number < sequences; ++number) {
        std::string checks;
        for (int rest = number, i = 0; i < length; ++i, rest /= 3) checks += "ofi"[rest % 3];
        // The rules once more, over the text: inconclusive ones do not exist; look at the tail of equal letters.
        std::string said;
        HealthState expected = down(GW_REASON_NOT_CHECKED);
        for (const char check : checks) {
          if (check == 'i') continue;
          said += check;
          const auto row = said.size() - (said.find_last_not_of(check) + 1);
          if (expected.reason == GW_REASON_NOT_CHECKED) {
            if (check == 'o') expected = full;
          } else if (check == 'f' && row >= fall) {
            expected = down(GW_REASON_CHECK_FAILED);
          } else if (check == 'o' && row >= rise) {
            expected = full;
          }
        }
        ASSERT_EQ(after(checks, {true, rise, fall, 0, {0, 1}}), expected)
            << checks << " rise " << rise << " fall " << fall;
      }
    }
  }
}

// Every combination of the four causes, in every order of arrival, gives the first rule that applies.
TEST(BackendHealth, RanksTheReasonsWhateverTheirOrder) {
  for (int verdict = 0; verdict < 3; ++verdict) {
    for (int word = 0; word < 3; ++word) {
      for (int leaving = 0; leaving < 2; ++leaving) {
        for (int resolved = 0; resolved < 2; ++resolved) {
          const auto administrative = static_cast<Administrative>(word);
          HealthState expected = full;
          if (administrative == Administrative::disabled) {
            expected = down(GW_REASON_ADMINISTRATIVE);
          } else if (resolved == 0) {
            expected = down(GW_REASON_UNRESOLVED);
          } else if (verdict == 0) {
            expected = down(GW_REASON_NOT_CHECKED);
          } else if (verdict == 1) {
            expected = down(GW_REASON_CHECK_FAILED);
          } else if (leaving == 1) {
            expected = draining(GW_REASON_REMOVED);
          } else if (administrative == Administrative::draining) {
            expected = draining(GW_REASON_ADMINISTRATIVE);
          }
          std::vector<int> order{0, 1, 2, 3};
          do {
            BackendHealth health(HealthPolicy{}, 0);
            std::int64_t now_ms = 0;
            for (const int step : order) {
              if (step == 0) feed(health, verdict == 0 ? "f" : verdict == 1 ? "offf" : "o", now_ms);
              if (step == 1) health.set_administrative(administrative, now_ms);
              if (step == 2) health.set_leaving(leaving == 1, now_ms);
              if (step == 3) health.set_resolved(resolved == 1, now_ms);
            }
            ASSERT_EQ(health.state(), expected) << verdict << word << leaving << resolved;
          } while (std::next_permutation(order.begin(), order.end()));
        }
      }
    }
  }
}

TEST(BackendHealth, ADeadDrainingBackendIsDown) {
  BackendHealth health = resolved_backend({});
  std::int64_t now_ms = 0;
  health.set_administrative(Administrative::draining, 0);
  EXPECT_EQ(health.state(), down(GW_REASON_NOT_CHECKED));
  feed(health, "o", now_ms);
  EXPECT_EQ(health.state(), draining(GW_REASON_ADMINISTRATIVE));
  feed(health, "fff", now_ms);
  EXPECT_EQ(health.state(), down(GW_REASON_CHECK_FAILED));
  feed(health, "oo", now_ms);
  EXPECT_EQ(health.state(), draining(GW_REASON_ADMINISTRATIVE));
}

TEST(BackendHealth, WithoutAChecksItPassesAtOnce) {
  BackendHealth health({false, 2, 3, 10'000}, 0);
  EXPECT_EQ(health.state(), down(GW_REASON_UNRESOLVED));
  EXPECT_TRUE(health.set_resolved(true, 5));
  EXPECT_EQ(health.state(), full);
  // Turning checks on keeps the verdict; turning them off clears it.
  std::int64_t now_ms = 5;
  EXPECT_FALSE(health.set_policy({true, 2, 3, 0}, now_ms));
  feed(health, "ff", now_ms);
  EXPECT_EQ(health.state(), full);
  feed(health, "f", now_ms);
  EXPECT_EQ(health.state(), down(GW_REASON_CHECK_FAILED));
  EXPECT_TRUE(health.set_policy({false, 2, 3, 10'000}, now_ms));
  EXPECT_EQ(health.state(), full) << "no slow start: no check brought it back";
}

TEST(BackendHealth, SaysWhetherTheWordChanged) {
  BackendHealth health(HealthPolicy{}, 100);
  EXPECT_EQ(health.changed_at_ms(), 100);
  EXPECT_TRUE(health.set_resolved(true, 200));
  EXPECT_EQ(health.changed_at_ms(), 100) << "still down, for another reason";
  EXPECT_FALSE(health.set_resolved(true, 250));
  EXPECT_FALSE(health.check_result(ProbeOutcome::failed, "connection refused", 300));
  EXPECT_EQ(health.last_check(), "connection refused");
  EXPECT_TRUE(health.check_result(ProbeOutcome::ok, "connected", 400));
  EXPECT_EQ(health.changed_at_ms(), 400);
  EXPECT_FALSE(health.tick(500));
  EXPECT_EQ(health.checks().of(0).successes_in_a_row(), 1u);
  EXPECT_EQ(health.checks().of(0).failures_in_a_row(), 0u);
}

TEST(BackendHealth, ClimbsAfterFailedChecksOnly) {
  const HealthPolicy policy{true, 2, 3, 10'000};
  EXPECT_EQ(after("o", policy), full) << "not at the first success";
  BackendHealth health = resolved_backend(policy);
  std::int64_t now_ms = 0;
  feed(health, "offfo", now_ms);
  EXPECT_EQ(health.state(), down(GW_REASON_CHECK_FAILED));
  feed(health, "o", now_ms);
  EXPECT_EQ(health.state(), (HealthState{3277, GW_HEALTH_UP, GW_REASON_SLOW_START})) << "5 % of 65535, rounded up";
  EXPECT_TRUE(health.wants_ticks());
  const std::int64_t began_ms = now_ms;
  std::uint32_t before = health.state().share;
  for (std::int64_t step_ms = 250; step_ms < 10'000; step_ms += 250) {
    EXPECT_TRUE(health.tick(began_ms + step_ms));
    EXPECT_GT(health.state().share, before);
    const double expected = 65535 * (0.05 + 0.95 * static_cast<double>(step_ms) / 10'000);
    EXPECT_NEAR(health.state().share, expected, 2.0);
    EXPECT_EQ(health.state().reason, GW_REASON_SLOW_START);
    before = health.state().share;
  }
  EXPECT_TRUE(health.tick(began_ms + 10'000));
  EXPECT_EQ(health.state(), full);
  EXPECT_FALSE(health.tick(began_ms + 20'000));

  EXPECT_TRUE(health.set_administrative(Administrative::disabled, began_ms + 21'000));
  EXPECT_TRUE(health.set_administrative(Administrative::enabled, began_ms + 22'000));
  EXPECT_EQ(health.state(), full) << "an operator's pause is no failure";
  health.set_resolved(false, began_ms + 23'000);
  health.set_resolved(true, began_ms + 24'000);
  EXPECT_EQ(health.state(), full);
}

TEST(BackendHealth, AFailureInTheClimbStartsItAgain) {
  BackendHealth health = resolved_backend({true, 1, 2, 100'000});
  std::int64_t now_ms = 0;
  feed(health, "offoooooooooo", now_ms);
  const std::uint32_t climbed = health.state().share;
  EXPECT_GT(climbed, 3277u);
  feed(health, "f", now_ms);
  EXPECT_GT(health.state().share, climbed) << "one failure of two changes nothing";
  feed(health, "f", now_ms);
  EXPECT_EQ(health.state(), down(GW_REASON_CHECK_FAILED));
  feed(health, "o", now_ms);
  EXPECT_EQ(health.state().share, 3277u);
}

TEST(BackendHealth, TheClimbBeginsWhenItMayHaveFlowsAgain) {
  BackendHealth health = resolved_backend({true, 1, 2, 10'000});
  std::int64_t now_ms = 0;
  feed(health, "off", now_ms);
  health.set_administrative(Administrative::draining, now_ms);
  feed(health, "ooooooooooooooooooo", now_ms);
  EXPECT_EQ(health.state(), draining(GW_REASON_ADMINISTRATIVE));
  health.set_administrative(Administrative::enabled, now_ms);
  EXPECT_EQ(health.state(), (HealthState{3277, GW_HEALTH_UP, GW_REASON_SLOW_START}));
}

TEST(BackendHealth, ASlowStartThatIsTurnedOffEnds) {
  BackendHealth health = resolved_backend({true, 1, 1, 10'000});
  std::int64_t now_ms = 0;
  feed(health, "ofo", now_ms);
  EXPECT_TRUE(health.wants_ticks());
  EXPECT_TRUE(health.set_policy({true, 1, 1, 0}, now_ms));
  EXPECT_EQ(health.state(), full);
}

TEST(BackendHealth, TimeThatStandsOrRunsBackHurtsNothing) {
  BackendHealth health = resolved_backend({true, 1, 1, 10'000});
  std::int64_t now_ms = 1'000'000;
  feed(health, "ofo", now_ms);
  health.tick(now_ms - 50'000);
  EXPECT_EQ(health.state().share, 3277u);
}

TEST(HealthState, IsTheWord) {
  const HealthState state{1234, GW_HEALTH_UP, GW_REASON_SLOW_START};
  EXPECT_EQ(gw_health_generation(state.word(99)), 99u);
  EXPECT_EQ(HealthState::of_word(state.word(99)), state);
  EXPECT_TRUE(gw_health_is_plain(full.word(1)));
  EXPECT_EQ(name_of(GW_HEALTH_DRAINING), "draining");
  EXPECT_EQ(name_of(GW_REASON_CHECK_FAILED), "check failed");
}

}  // namespace
}  // namespace guideway
