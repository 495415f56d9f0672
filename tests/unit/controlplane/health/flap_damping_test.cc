// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/flap_damping.hh"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace guideway {
namespace {

constexpr FlapPolicy flap_policy{10'000, 300'000};

std::int64_t hold_of_next_fall(FlapDamping& damping, std::int64_t now_ms, const FlapPolicy& asked = flap_policy) {
  damping.fell(asked, now_ms);
  return damping.holds(now_ms) ? damping.held_until_ms() - now_ms : 0;
}

TEST(FlapDamping, TwoFallsAreFreeThenEachHoldsTwiceAsLong) {
  FlapDamping damping;
  std::vector<std::int64_t> holds;
  for (std::int64_t fall = 0; fall < 10; ++fall) holds.push_back(hold_of_next_fall(damping, fall * 1000));
  EXPECT_EQ(holds,
            (std::vector<std::int64_t>{0, 0, 10'000, 20'000, 40'000, 80'000, 160'000, 300'000, 300'000, 300'000}));
}

TEST(FlapDamping, AFallIsForgottenForEveryLongestHoldWithoutOne) {
  FlapDamping damping;
  for (int fall = 0; fall < 4; ++fall) damping.fell(flap_policy, 0);
  EXPECT_EQ(damping.falls(flap_policy, 299'999), 4u);
  EXPECT_EQ(damping.falls(flap_policy, 300'000), 3u);
  EXPECT_EQ(damping.falls(flap_policy, 600'000), 2u);
  EXPECT_EQ(damping.falls(flap_policy, 10'000'000), 0u);
  EXPECT_EQ(hold_of_next_fall(damping, 600'000), 10'000) << "the third that counts";
}

TEST(FlapDamping, WhatNeverStopsIsForgottenAsSoonAsWhatBeganLate) {
  FlapDamping endless;
  for (int fall = 0; fall < 100'000; ++fall) endless.fell(flap_policy, fall);
  EXPECT_EQ(endless.falls(flap_policy, 100'000), 8u) << "no more than the longest hold needs";
}

TEST(FlapDamping, NoHoldHoldsNobody) {
  FlapDamping damping;
  for (int fall = 0; fall < 50; ++fall) EXPECT_EQ(hold_of_next_fall(damping, fall, {0, 300'000}), 0);
}

TEST(FlapDamping, AnOperatorsWordForgetsAll) {
  FlapDamping damping;
  for (int fall = 0; fall < 5; ++fall) damping.fell(flap_policy, 0);
  ASSERT_TRUE(damping.holds(1));
  damping.forget();
  EXPECT_FALSE(damping.holds(1));
  EXPECT_EQ(damping.falls(flap_policy, 1), 0u);
}

// Whatever the policy and the times of falls: a hold is never longer than the longest, and never shrinks while falls
// follow each other faster than one is forgotten.
TEST(FlapDamping, HoldsAreBoundedAndGrow) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t limit) { return static_cast<std::uint32_t>(random() % limit); };
    const FlapPolicy any{1 + below(100'000), 1000 + below(1'000'000)};
    FlapDamping damping;
    std::int64_t now_ms = 0;
    std::int64_t hold_before = 0;
    for (int fall = 0; fall < 200; ++fall) {
      now_ms += 1 + below(any.hold_max_ms);
      const std::int64_t hold_ms = hold_of_next_fall(damping, now_ms, any);
      ASSERT_LE(hold_ms, any.hold_max_ms) << "seed " << seed;
      ASSERT_GE(hold_ms, hold_before) << "seed " << seed;
      hold_before = hold_ms;
    }
    EXPECT_EQ(hold_before, any.hold_max_ms) << "seed " << seed;
  }
}

}  // namespace
}  // namespace guideway
