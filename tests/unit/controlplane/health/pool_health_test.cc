// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/pool_health.hh"

#include <gtest/gtest.h>

#include <random>

namespace guideway {
namespace {

TEST(PoolHealth, PanicBeginsBelowAndEndsTenPointsHigher) {
  PoolHealth pool(true, 0);
  const PoolPolicy policy{50, 1};
  EXPECT_FALSE(pool.update(policy, {10, 5}, 0));
  EXPECT_FALSE(pool.panic()) << "at the threshold checks still count";
  EXPECT_TRUE(pool.update(policy, {10, 4}, 0));
  EXPECT_TRUE(pool.panic());
  EXPECT_FALSE(pool.update(policy, {10, 5}, 0));
  EXPECT_TRUE(pool.panic()) << "it does not end where it began";
  EXPECT_TRUE(pool.update(policy, {10, 6}, 0));
  EXPECT_FALSE(pool.panic());
}

TEST(PoolHealth, PanicNeedsAThresholdAndSomebody) {
  PoolHealth pool(true, 0);
  pool.update({0, 1}, {10, 0}, 0);
  EXPECT_FALSE(pool.panic());
  pool.update({50, 1}, {0, 0}, 0);
  EXPECT_FALSE(pool.panic()) << "nobody could serve anyway";
  pool.update({100, 1}, {3, 2}, 0);
  EXPECT_TRUE(pool.panic());
  pool.update({100, 1}, {3, 3}, 0);
  EXPECT_FALSE(pool.panic()) << "a threshold of all ends when all are back";
}

// Every count of a pool of up to 20, both ways round: begins below, ends at ten points more, else stays.
TEST(PoolHealth, PanicFollowsItsRuleForEveryCount) {
  for (std::uint32_t percent = 1; percent <= 100; ++percent) {
    for (std::uint32_t all = 1; all <= 20; ++all) {
      PoolHealth pool(true, 0);
      bool expected = false;
      for (std::uint32_t turn = 0; turn <= 2 * all; ++turn) {
        const std::uint32_t serve = turn <= all ? all - turn : turn - all;
        pool.update({percent, 0}, {all, serve}, 0);
        if (serve * 100 < all * percent) expected = true;
        if (serve * 100 >= all * std::min(percent + 10, 100u)) expected = false;
        ASSERT_EQ(pool.panic(), expected) << percent << " % of " << all << " at " << serve;
      }
      ASSERT_FALSE(pool.panic());
    }
  }
}

TEST(PoolHealth, QuorumIsLostAfterASecondAndFoundAfterThree) {
  PoolHealth pool(true, 0);
  const PoolPolicy policy{0, 2};
  pool.update(policy, {3, 3}, 10'000);
  EXPECT_FALSE(pool.update(policy, {3, 1}, 10'999));
  EXPECT_TRUE(pool.update(policy, {3, 1}, 11'000));
  EXPECT_EQ(pool.quorum(), false);
  EXPECT_FALSE(pool.update(policy, {3, 2}, 13'999));
  EXPECT_FALSE(pool.update(policy, {3, 1}, 14'500)) << "not long enough: the three seconds begin again";
  EXPECT_FALSE(pool.update(policy, {3, 2}, 17'400));
  EXPECT_TRUE(pool.update(policy, {3, 2}, 17'500));
  EXPECT_EQ(pool.quorum(), true);
}

TEST(PoolHealth, ABlinkLosesNothing) {
  PoolHealth pool(true, 0);
  for (std::int64_t now_ms = 0; now_ms < 100'000; now_ms += 900) {
    EXPECT_FALSE(pool.update({0, 1}, {1, now_ms % 1800 == 0 ? 1u : 0u}, now_ms));
  }
  EXPECT_EQ(pool.quorum(), true);
}

TEST(PoolHealth, ANewPoolIsNotMissedBeforeItsTime) {
  PoolHealth slow(std::nullopt, 0);
  EXPECT_FALSE(slow.update({0, 1}, {0, 0}, 4999));
  EXPECT_EQ(slow.quorum(), std::nullopt);
  EXPECT_TRUE(slow.update({0, 1}, {0, 0}, 5000));
  EXPECT_EQ(slow.quorum(), false);
  PoolHealth quick(std::nullopt, 0);
  EXPECT_TRUE(quick.update({0, 1}, {1, 1}, 1));
  EXPECT_EQ(quick.quorum(), true) << "good news is believed at once";
}

// Random counts at random times: two changes of the quorum are never closer than the patience between them.
TEST(PoolHealth, QuorumNeverChangesFasterThanItsPatience) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    std::mt19937_64 random(seed);
    PoolHealth pool(true, 0);
    std::int64_t now_ms = 0;
    std::int64_t changed_ms = 0;
    bool quorum = true;
    for (int step = 0; step < 5000; ++step) {
      now_ms += static_cast<std::int64_t>(random() % 1500);
      pool.update({0, 2}, {3, static_cast<std::uint32_t>(random() % 4)}, now_ms);
      if (pool.quorum() == quorum) continue;
      quorum = !quorum;
      ASSERT_GE(now_ms - changed_ms, quorum ? PoolHealth::found_after_ms : PoolHealth::lost_after_ms) << seed;
      changed_ms = now_ms;
    }
  }
}

}  // namespace
}  // namespace guideway
