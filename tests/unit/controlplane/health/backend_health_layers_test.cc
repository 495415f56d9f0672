// SPDX-License-Identifier: Apache-2.0
// The layers beside checks and kernel: agent, flapping, panic, load; each shown by itself, and what they come to.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/controlplane/health/backend_health_steps.hh"

namespace guideway {
namespace {

HealthState up(std::uint32_t share, gw_health_reason reason) { return {share, GW_HEALTH_UP, reason}; }

BackendHealth passing(const HealthPolicy& policy = {}) {
  BackendHealth health(policy, 0);
  health.set_resolved(true, 0);
  health.check_result(ProbeOutcome::ok, "", 0);
  return health;
}

void fail(BackendHealth& health, std::int64_t now_ms) {
  for (int i = 0; i < 3; ++i) health.check_result(ProbeOutcome::failed, "refused", now_ms);
}
void pass(BackendHealth& health, std::int64_t now_ms) {
  for (int i = 0; i < 2; ++i) health.check_result(ProbeOutcome::ok, "", now_ms);
}

TEST(BackendHealthLayers, AnAgentsWordsCountBesideTheOperators) {
  BackendHealth health = passing();
  health.set_agent({AgentWord::ready, 25, ""}, 1);
  EXPECT_EQ(health.state(), up(GW_SHARE_FULL * 25 / 100, GW_REASON_AGENT));
  health.set_agent({AgentWord::ready, 0, ""}, 1);
  EXPECT_EQ(health.state(), draining(GW_REASON_AGENT));
  health.set_agent({AgentWord::drain, 100, ""}, 1);
  EXPECT_EQ(health.state(), draining(GW_REASON_AGENT));
  health.set_agent({AgentWord::down, 100, "disk full"}, 1);
  EXPECT_EQ(health.state(), down(GW_REASON_AGENT));
  EXPECT_EQ(health.operational(1), full) << "the layers do not overwrite each other";
  health.set_agent({AgentWord::maint, 100, ""}, 1);
  EXPECT_EQ(health.state(), down(GW_REASON_AGENT));
  health.set_administrative(Administrative::disabled, 1);
  EXPECT_EQ(health.state(), down(GW_REASON_ADMINISTRATIVE));
  health.set_administrative(Administrative::draining, 1);
  EXPECT_EQ(health.state(), down(GW_REASON_AGENT)) << "enabling it does not overrule its agent";
  health.set_agent({AgentWord::ready, 100, ""}, 1);
  EXPECT_EQ(health.state(), draining(GW_REASON_ADMINISTRATIVE)) << "nor its agent the operator";
  health.set_administrative(Administrative::enabled, 1);
  EXPECT_EQ(health.state(), full);
}

TEST(BackendHealthLayers, AnAgentCannotPromoteWhatFailsItsChecks) {
  BackendHealth health = passing();
  health.set_agent({AgentWord::ready, 100, ""}, 1);
  fail(health, 2);
  EXPECT_EQ(health.state(), down(GW_REASON_CHECK_FAILED));
}

TEST(BackendHealthLayers, OneThatFlapsIsHeldLongerEachTime) {
  BackendHealth health = passing();
  std::int64_t now_ms = 0;
  for (int fall = 1; fall <= 2; ++fall) {
    fail(health, now_ms += 1000);
    pass(health, now_ms += 1000);
    EXPECT_EQ(health.state(), full) << "fall " << fall;
  }
  for (const std::int64_t hold_ms : {10'000, 20'000, 40'000}) {
    fail(health, now_ms += 1000);
    const std::int64_t fell_ms = now_ms;
    EXPECT_EQ(health.state(), down(GW_REASON_CHECK_FAILED));
    pass(health, now_ms += 1000);
    EXPECT_EQ(health.state(), down(GW_REASON_HELD));
    EXPECT_TRUE(health.wants_ticks());
    EXPECT_EQ(health.held_until_ms(), fell_ms + hold_ms);
    health.tick(fell_ms + hold_ms - 1);
    EXPECT_EQ(health.state(), down(GW_REASON_HELD));
    health.tick(now_ms = fell_ms + hold_ms);
    EXPECT_EQ(health.state(), full);
    EXPECT_FALSE(health.held_until_ms().has_value());
  }
}

TEST(BackendHealthLayers, EnablingByHandEndsAHold) {
  BackendHealth health = passing();
  for (std::int64_t now_ms = 1; now_ms <= 5; ++now_ms) {
    fail(health, now_ms);
    pass(health, now_ms);
  }
  ASSERT_EQ(health.state(), down(GW_REASON_HELD));
  health.set_administrative(Administrative::enabled, 6);
  EXPECT_EQ(health.state(), down(GW_REASON_HELD)) << "what was enabled already says nothing new";
  health.set_administrative(Administrative::draining, 7);
  health.set_administrative(Administrative::enabled, 8);
  EXPECT_EQ(health.state(), full);
}

TEST(BackendHealthLayers, PanicIgnoresChecksAndNothingElse) {
  BackendHealth health = passing();
  fail(health, 1);
  health.set_panic(true, 2);
  EXPECT_EQ(health.state(), up(GW_SHARE_FULL, GW_REASON_PANIC));
  EXPECT_EQ(health.operational(2), down(GW_REASON_CHECK_FAILED)) << "the truth is still shown";
  health.set_administrative(Administrative::draining, 2);
  EXPECT_EQ(health.state(), draining(GW_REASON_ADMINISTRATIVE));
  health.set_administrative(Administrative::disabled, 2);
  EXPECT_EQ(health.state(), down(GW_REASON_ADMINISTRATIVE));
  health.set_administrative(Administrative::enabled, 2);
  health.set_resolved(false, 2);
  EXPECT_EQ(health.state(), down(GW_REASON_UNRESOLVED));
  health.set_resolved(true, 2);
  health.set_agent({AgentWord::maint, 100, ""}, 2);
  EXPECT_EQ(health.state(), down(GW_REASON_AGENT));
  health.set_agent({AgentWord::ready, 100, ""}, 2);
  health.set_panic(false, 3);
  EXPECT_EQ(health.state(), down(GW_REASON_CHECK_FAILED));
  BackendHealth fresh(HealthPolicy{}, 0);
  fresh.set_resolved(true, 0);
  fresh.set_panic(true, 0);
  EXPECT_EQ(fresh.state(), down(GW_REASON_NOT_CHECKED)) << "one that never answered is no way out";
}

TEST(BackendHealthLayers, LoadTakesAPartAndClimbingAPartOfThat) {
  BackendHealth health = passing({true, 2, 3, 10'000, {}});
  health.set_load_share(GW_SHARE_FULL / 2, 1);
  EXPECT_EQ(health.state(), up(GW_SHARE_FULL / 2, GW_REASON_LOAD));
  health.set_agent({AgentWord::ready, 40, ""}, 1);
  EXPECT_NEAR(health.state().share, GW_SHARE_FULL / 5.0, 2);
  fail(health, 2);
  pass(health, 1000);
  EXPECT_EQ(health.state().reason, GW_REASON_SLOW_START);
  EXPECT_NEAR(health.state().share, GW_SHARE_FULL * 0.05 / 5, 2);
  health.tick(6000);
  EXPECT_NEAR(health.state().share, GW_SHARE_FULL * (0.05 + 0.95 / 2) / 5, 40);
  health.tick(11'000);
  EXPECT_EQ(health.state().reason, GW_REASON_AGENT);
  health.set_load_share(0, 11'000);
  EXPECT_GE(health.state().share, 1u) << "what is up takes something";
}

TEST(BackendHealthLayers, ARestartKnowsThemFromTheWord) {
  const auto restored = [](const HealthState& known) { return BackendHealth(HealthPolicy{}, known, 0); };
  EXPECT_EQ(restored(up(GW_SHARE_FULL, GW_REASON_PANIC)).state(), up(GW_SHARE_FULL, GW_REASON_PANIC));
  BackendHealth calm = restored(up(GW_SHARE_FULL, GW_REASON_PANIC));
  calm.set_panic(false, 1);
  EXPECT_EQ(calm.state(), down(GW_REASON_CHECK_FAILED));
  EXPECT_EQ(restored(down(GW_REASON_HELD)).state(), down(GW_REASON_CHECK_FAILED));
  EXPECT_EQ(restored(up(1000, GW_REASON_LOAD)).state(), up(1000, GW_REASON_LOAD));
  EXPECT_EQ(restored(draining(GW_REASON_AGENT)).state(), draining(GW_REASON_AGENT));
  EXPECT_EQ(restored(down(GW_REASON_AGENT)).state().reason, GW_REASON_AGENT);
}

}  // namespace
}  // namespace guideway
