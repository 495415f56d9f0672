// SPDX-License-Identifier: Apache-2.0
// The rules one by one, and a closed loop with seeds: backends of unlike speed behind it come to like latencies, and
// their shares come to rest.
#include "controlplane/health/load_feedback.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "ebpf/abi/health.h"

namespace guideway {
namespace {

constexpr LoadFeedbackPolicy feedback_on{true, 10};

double part(const LoadFeedback& feedback, std::uint32_t index) {
  return static_cast<double>(feedback.share(index)) / GW_SHARE_FULL;
}

// A period in which every backend answered five checks in its time.
bool period(LoadFeedback& feedback, const std::vector<std::uint32_t>& latencies_us, std::int64_t& now_ms,
            std::size_t bad = 0) {
  for (int check = 0; check < 5; ++check) {
    for (std::uint32_t index = 0; index < latencies_us.size(); ++index) {
      feedback.checked(index, latencies_us[index] != 0, latencies_us[index]);
    }
  }
  now_ms += LoadFeedback::period_ms;
  return feedback.update(feedback_on, bad, latencies_us.size(), now_ms);
}

TEST(LoadFeedback, LikeBackendsKeepTheirWholePart) {
  LoadFeedback feedback;
  std::int64_t now_ms = 0;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(period(feedback, {1000, 1010, 990, 1020}, now_ms));
  for (std::uint32_t index = 0; index < 4; ++index) EXPECT_EQ(feedback.share(index), GW_SHARE_FULL);
}

TEST(LoadFeedback, ASlowOneTakesLessStepByStepDownToTheFloor) {
  LoadFeedback feedback;
  std::int64_t now_ms = 0;
  double before = 1;
  for (int i = 0; i < 60; ++i) {
    period(feedback, {1000, 1000, 50'000}, now_ms);
    EXPECT_GE(part(feedback, 2), before * 0.9 * 0.94) << "no more than a step and a deadband";
    before = part(feedback, 2);
  }
  EXPECT_NEAR(before, 0.10, 0.006);
  EXPECT_EQ(feedback.share(0), GW_SHARE_FULL);
  EXPECT_EQ(feedback.share(1), GW_SHARE_FULL);
  for (int i = 0; i < 60; ++i) period(feedback, {1000, 1000, 1000}, now_ms);
  EXPECT_LT(part(feedback, 2), 0.2) << "what is as fast as the others at this part stays there";
  for (int i = 0; i < 120; ++i) period(feedback, {1000, 1000, 300}, now_ms);
  EXPECT_EQ(feedback.share(2), GW_SHARE_FULL) << "what is faster than the others takes more";
}

TEST(LoadFeedback, ErrorsVetoSpeed) {
  LoadFeedback feedback;
  std::int64_t now_ms = 0;
  for (int i = 0; i < 20; ++i) period(feedback, {1000, 1000, 20'000}, now_ms);
  const double low = part(feedback, 2);
  for (int i = 0; i < 60; ++i) {
    for (int check = 0; check < 5; ++check)
      feedback.checked(2, check != 0, 10);  // every fifth fails, the rest are quick
    period(feedback, {1000, 1000}, now_ms);
  }
  EXPECT_LE(part(feedback, 2), low);
}

TEST(LoadFeedback, IsFrozenWhileTooManyAreBad) {
  LoadFeedback feedback;
  std::int64_t now_ms = 0;
  EXPECT_FALSE(period(feedback, {1000, 1000, 50'000}, now_ms, 1)) << "a third is more than 30 %";
  EXPECT_TRUE(feedback.frozen());
  EXPECT_EQ(feedback.share(2), GW_SHARE_FULL);
  EXPECT_TRUE(period(feedback, {1000, 1000, 50'000}, now_ms, 0));
  EXPECT_FALSE(feedback.frozen());
}

TEST(LoadFeedback, OncePerPeriodAndNotAtAllWhenOff) {
  LoadFeedback feedback;
  std::int64_t now_ms = 0;
  EXPECT_TRUE(period(feedback, {1000, 1000, 50'000}, now_ms));
  EXPECT_FALSE(feedback.update(feedback_on, 0, 3, now_ms + LoadFeedback::period_ms - 1));
  EXPECT_TRUE(feedback.update({false, 10}, 0, 3, now_ms)) << "switched off, everybody has his whole part at once";
  EXPECT_EQ(feedback.share(2), GW_SHARE_FULL);
}

TEST(LoadFeedback, NobodyWithoutAFigureIsJudged) {
  LoadFeedback feedback;
  std::int64_t now_ms = LoadFeedback::period_ms;
  EXPECT_FALSE(feedback.update(feedback_on, 0, 3, now_ms));
  feedback.checked(7, false, 0);
  EXPECT_FALSE(feedback.update(feedback_on, 0, 3, now_ms + LoadFeedback::period_ms));
  EXPECT_EQ(feedback.share(7), GW_SHARE_FULL);
  EXPECT_EQ(feedback.share(8), GW_SHARE_FULL);
}

// Backends with unlike speeds share a load; each answers the slower the busier it is (M/M/1), and checks are noisy.
class ClosedLoop {
 public:
  explicit ClosedLoop(std::uint64_t seed) : random_(seed) {
    const std::size_t count = 4 + random_() % 12;
    for (std::size_t i = 0; i < count; ++i) {
      speeds_.push_back(std::uniform_real_distribution<double>(0.6, 1.6)(random_));
      capacity_ += speeds_.back();
    }
    load_ = 0.4 * capacity_;
  }

  void run_a_period() {
    double weights = 0;
    for (std::uint32_t i = 0; i < speeds_.size(); ++i) weights += part(feedback_, i);
    for (int check = 0; check < 3; ++check) {
      for (std::uint32_t i = 0; i < speeds_.size(); ++i) {
        const double noise = std::lognormal_distribution<double>(0, 0.15)(random_);
        feedback_.checked(i, true, static_cast<std::uint32_t>(latency_us(i, weights) * noise));
      }
    }
    now_ms_ += LoadFeedback::period_ms;
    feedback_.update(feedback_on, 0, speeds_.size(), now_ms_);
  }

  // The slowest true latency over the fastest.
  [[nodiscard]] double spread() const {
    double weights = 0;
    for (std::uint32_t i = 0; i < speeds_.size(); ++i) weights += part(feedback_, i);
    double least = 1e18;
    double most = 0;
    for (std::uint32_t i = 0; i < speeds_.size(); ++i) {
      least = std::min(least, latency_us(i, weights));
      most = std::max(most, latency_us(i, weights));
    }
    return most / least;
  }
  [[nodiscard]] std::vector<double> shares() const {
    std::vector<double> result;
    for (std::uint32_t i = 0; i < speeds_.size(); ++i) result.push_back(part(feedback_, i));
    return result;
  }

 private:
  [[nodiscard]] double latency_us(std::uint32_t i, double weights) const {
    const double taken = load_ * part(feedback_, i) / weights;
    const double busy = std::min(taken / speeds_[i], 0.98);
    return 1000 / speeds_[i] / (1 - busy);
  }

  std::mt19937_64 random_;
  std::vector<double> speeds_;
  double capacity_ = 0;
  double load_ = 0;
  LoadFeedback feedback_;
  std::int64_t now_ms_ = 0;
};

// Once it has settled: latencies are closer than they were, no share wanders far, and few change at all: an oscillation
// would change every share every few periods.
TEST(LoadFeedback, AClosedLoopConvergesAndComesToRest) {
  constexpr int settling_periods = 120;
  constexpr int watched_periods = 120;
  double changes_a_period = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ClosedLoop loop(seed);
    const double spread_at_first = loop.spread();
    for (int i = 0; i < settling_periods; ++i) loop.run_a_period();
    double worst_spread = 0;
    std::vector<double> before = loop.shares();
    std::vector<double> least = before;
    std::vector<double> most = before;
    int changes = 0;
    for (int i = 0; i < watched_periods; ++i) {
      loop.run_a_period();
      worst_spread = std::max(worst_spread, loop.spread());
      const std::vector<double> now = loop.shares();
      for (std::size_t each = 0; each < now.size(); ++each) {
        ASSERT_GE(now[each], 0.0999) << "seed " << seed;
        changes += now[each] != before[each] ? 1 : 0;
        least[each] = std::min(least[each], now[each]);
        most[each] = std::max(most[each], now[each]);
      }
      before = now;
    }
    if (spread_at_first > 2) {
      EXPECT_LT(worst_spread, spread_at_first * 0.8) << "seed " << seed;
    }
    for (std::size_t each = 0; each < least.size(); ++each)
      EXPECT_LT(most[each] - least[each], 0.35) << "seed " << seed << ": share " << each << " does not rest";
    changes_a_period += static_cast<double>(changes) / watched_periods / static_cast<double>(before.size()) / 40;
  }
  EXPECT_LT(changes_a_period, 0.1) << "of one share";
}

}  // namespace
}  // namespace guideway
