// SPDX-License-Identifier: Apache-2.0
// A health word that outlived its control plane: what the next one makes of it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/controlplane/health/backend_health_steps.hh"

namespace guideway {
namespace {

TEST(BackendHealthRestore, IsRestoredFromEveryWordItCanShow) {
  const HealthPolicy policy{true, 2, 3, 10'000};
  const std::vector<HealthState> words = {
      full,
      {3277, GW_HEALTH_UP, GW_REASON_SLOW_START},
      {40'000, GW_HEALTH_UP, GW_REASON_SLOW_START},
      {65'000, GW_HEALTH_UP, GW_REASON_SLOW_START},
      draining(GW_REASON_ADMINISTRATIVE),
      draining(GW_REASON_REMOVED),
      down(GW_REASON_CHECK_FAILED),
      down(GW_REASON_UNRESOLVED),
      down(GW_REASON_ADMINISTRATIVE),
  };
  for (const HealthState& word : words) {
    const BackendHealth health(policy, HealthState::of_word(word.word(77)), 5000);
    EXPECT_EQ(health.state().state, word.state);
    EXPECT_EQ(health.state().reason, word.reason);
    EXPECT_NEAR(health.state().share, word.share, 7) << "one millisecond of climbing is 6 of 65535";
  }
  // What was never there, and "not checked", which needs a next hop first.
  EXPECT_EQ(BackendHealth(policy, HealthState::of_word(0), 0).state(), down(GW_REASON_UNRESOLVED));
  BackendHealth unchecked(policy, down(GW_REASON_NOT_CHECKED), 0);
  unchecked.set_resolved(true, 0);
  EXPECT_EQ(unchecked.state(), down(GW_REASON_NOT_CHECKED));
}

TEST(BackendHealthRestore, ARestoredBackendGoesOnAsBefore) {
  const HealthPolicy policy{true, 2, 3, 10'000};
  std::int64_t now_ms = 0;
  BackendHealth up(policy, full, 0);
  feed(up, "ff", now_ms);
  EXPECT_EQ(up.state(), full) << "up until fall failures";
  feed(up, "f", now_ms);
  EXPECT_EQ(up.state(), down(GW_REASON_CHECK_FAILED));

  BackendHealth failed(policy, down(GW_REASON_CHECK_FAILED), 0);
  feed(failed, "o", now_ms);
  EXPECT_EQ(failed.state(), down(GW_REASON_CHECK_FAILED)) << "rise successes, not one";
  feed(failed, "o", now_ms);
  EXPECT_EQ(failed.state().reason, GW_REASON_SLOW_START);

  BackendHealth climbing(policy, {34'406, GW_HEALTH_UP, GW_REASON_SLOW_START}, 1000);
  EXPECT_TRUE(climbing.tick(1000 + 5100));
  EXPECT_EQ(climbing.state(), full) << "half of the climb was behind it";

  BackendHealth disabled(policy, down(GW_REASON_ADMINISTRATIVE), 0);
  disabled.set_resolved(true, 0);
  disabled.set_administrative(Administrative::enabled, 0);
  EXPECT_EQ(disabled.state(), down(GW_REASON_NOT_CHECKED)) << "the word did not tell what the checks said";
}

TEST(BackendHealthRestore, ARestoredWordWithoutSlowStartInTheNewConfigurationIsFull) {
  BackendHealth climbing({true, 2, 3, 0}, {40'000, GW_HEALTH_UP, GW_REASON_SLOW_START}, 1000);
  EXPECT_EQ(climbing.state(), full);
}

}  // namespace
}  // namespace guideway
