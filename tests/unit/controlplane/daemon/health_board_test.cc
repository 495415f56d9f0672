// SPDX-License-Identifier: Apache-2.0
// What pools decide reaches the words of their backends, restarts included; and a simulation with seeds of everything
// that can befall a board, held to what it promises.
#include "controlplane/daemon/health_board.hh"

#include <memory>
#include <random>

#include "tests/unit/controlplane/daemon/board_of_four.hh"

namespace guideway {
namespace {

constexpr HealthState full{GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE};
constexpr HealthState in_panic{GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_PANIC};
constexpr HealthState failed{0, GW_HEALTH_DOWN, GW_REASON_CHECK_FAILED};

TEST(HealthBoard, PanicReachesTheWordsAndLeavesThem) {
  BoardOfFour four("panic_percent = 50\n");
  four.all_pass(0);
  for (std::uint32_t index = 0; index < 2; ++index) four.fails(index, 100);
  four.board.tick(200);
  EXPECT_EQ(four.state(0), failed) << "half is not below half";
  four.fails(2, 300);
  four.board.tick(400);
  for (std::uint32_t index = 0; index < 3; ++index) EXPECT_EQ(four.state(index), in_panic);
  EXPECT_EQ(four.state(3), full);
  four.passes(0, 500);
  four.board.tick(600);
  EXPECT_EQ(four.state(1), in_panic) << "it ends at 60 %";
  four.passes(1, 700);
  four.board.tick(800);
  EXPECT_EQ(four.state(2), failed);
}

TEST(HealthBoard, ABackendAddedInPanicIsNoWayOutBeforeItPassed) {
  BoardOfFour four("panic_percent = 90\n");
  four.all_pass(0);
  for (std::uint32_t index = 0; index < 4; ++index) four.fails(index, 100);
  four.board.tick(200);
  ASSERT_EQ(four.state(0), in_panic);
  BackendConfig fifth = four.config.pools.at(0).backends.at(0);
  fifth.name = "b5";
  fifth.address.bytes[3] = 5;
  four.config.pools.at(0).backends.push_back(fifth);
  four.sync(300);
  four.board.set_resolved(4, true, 300);
  four.board.tick(400);
  EXPECT_EQ(four.state(4).reason, GW_REASON_NOT_CHECKED);
  four.passes(4, 500);
  four.fails(4, 600);
  EXPECT_EQ(four.state(4), in_panic);
}

TEST(HealthBoard, LatencyMovesSharesAndARestartKnowsThem) {
  BoardOfFour four("load_feedback = \"latency\"\n");
  std::int64_t now_ms = 0;
  for (int period = 0; period < 10; ++period) {
    for (std::uint32_t index = 0; index < 4; ++index) four.passes(index, now_ms, index == 0 ? 50'000 : 1000);
    four.board.tick(now_ms += 5000);
  }
  EXPECT_EQ(four.state(0).reason, GW_REASON_LOAD);
  EXPECT_LT(four.state(0).share, GW_SHARE_FULL / 2);
  EXPECT_EQ(four.state(1), full);
  const HealthState before = four.state(0);
  BoardOfFour next("load_feedback = \"latency\"\n");
  next.board.restore(four.board.table(), 0);
  next.board.tick(0);
  EXPECT_NEAR(next.state(0).share, before.share, 1);
  next.passes(0, 1, 1000);
  next.board.tick(100);
  EXPECT_NEAR(next.state(0).share, before.share, 1) << "shares move once a period, not with a check";
}

TEST(HealthBoard, PanicOutlivesARestartAndItsEndDoesToo) {
  BoardOfFour four("panic_percent = 50\n");
  four.all_pass(0);
  for (std::uint32_t index = 0; index < 4; ++index) four.fails(index, 100);
  four.board.tick(200);
  BoardOfFour next("panic_percent = 50\n");
  next.board.restore(four.board.table(), 0);
  EXPECT_EQ(next.state(0), in_panic);
  next.board.tick(100);
  EXPECT_EQ(next.state(0), in_panic);
  BoardOfFour calm("");
  calm.board.restore(four.board.table(), 0);
  calm.board.tick(100);
  EXPECT_EQ(calm.state(0), failed) << "a configuration without panic ends it";
}

// Anything may happen to four backends at any time, the control plane's death included.
class Storm {
 public:
  explicit Storm(std::uint64_t seed) : random_(seed), four_(std::make_unique<BoardOfFour>(keys)) {}

  void step() {
    now_ms_ += static_cast<std::int64_t>(below(700));
    const std::uint32_t index = below(4);
    switch (below(12)) {
      case 0:
        four_->config.pools.at(0).backends.at(index).administrative = static_cast<Administrative>(below(3));
        four_->sync(now_ms_);
        break;
      case 1:
        four_->board.set_resolved(index, below(4) != 0, now_ms_);
        break;
      case 2:
        if (below(8) == 0) restart();
        break;
      case 3:
        four_->board.check_result(index, {ProbeOutcome::inconclusive, "", 0}, now_ms_);
        break;
      default:
        four_->board.check_result(index, {below(5) < 3 ? ProbeOutcome::ok : ProbeOutcome::failed, "", below(9000)},
                                  now_ms_);
    }
    four_->board.tick(now_ms_);
    judge();
  }

 private:
  static constexpr const char* keys =
      "panic_percent = 40\nload_feedback = \"latency\"\nslow_start = \"5s\"\nflap_hold = \"2s\"\n"
      "flap_hold_max = \"30s\"\ncheck = { rise = 1, fall = 1 }\n";

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  // The words stay; what was acknowledged is in the configuration.
  void restart() {
    auto next = std::make_unique<BoardOfFour>(keys);
    next->config = four_->config;
    next->sync(now_ms_);
    for (std::uint32_t index = 0; index < 4; ++index) next->board.set_resolved(index, false, now_ms_);
    const std::vector<HealthState> before = states();
    next->board.restore(four_->board.table(), now_ms_);
    four_ = std::move(next);
    for (std::uint32_t index = 0; index < 4; ++index) {
      const bool was_alive = before[index].state == GW_HEALTH_UP || before[index].state == GW_HEALTH_DRAINING;
      if (was_alive) {
        ASSERT_EQ(four_->state(index).state, before[index].state) << "a restart took " << index << " out";
      }
      four_->board.set_resolved(index, before[index].reason != GW_REASON_UNRESOLVED, now_ms_);
    }
  }

  [[nodiscard]] std::vector<HealthState> states() const {
    std::vector<HealthState> result;
    for (std::uint32_t index = 0; index < 4; ++index) result.push_back(four_->state(index));
    return result;
  }

  void judge() {
    const HealthBoard::Pool& pool = *four_->board.find_pool("web");
    std::uint32_t up = 0;
    for (const auto& [index, entry] : four_->board.entries()) {
      const HealthState now = four_->state(index);
      const Administrative word = four_->config.pools.at(0).backends.at(index).administrative;
      ASSERT_EQ(now, entry.health.state()) << "the word is what the machine says";
      ASSERT_EQ(now.share != 0, now.state == GW_HEALTH_UP);
      if (word == Administrative::disabled) {
        ASSERT_EQ(now.reason, GW_REASON_ADMINISTRATIVE) << "an operator's word";
      }
      if (word == Administrative::draining) {
        ASSERT_NE(now.state, GW_HEALTH_UP) << "an operator's word";
      }
      if (now.reason == GW_REASON_LOAD) {
        ASSERT_GE(now.share, GW_SHARE_FULL / 10 - 1);
      }
      if (now.reason == GW_REASON_PANIC) {
        ASSERT_TRUE(pool.health.panic());
      }
      up += now.state == GW_HEALTH_UP ? 1 : 0;
    }
    if (pool.health.panic()) {
      ASSERT_EQ(up, pool.counts.could_serve) << "in panic everybody who could serve does";
    }
    // Below the threshold is panic, so somebody always serves where somebody could.
    if (pool.counts.could_serve != 0) {
      ASSERT_GT(up, 0u);
    }
  }

  std::mt19937_64 random_;
  std::unique_ptr<BoardOfFour> four_;
  std::int64_t now_ms_ = 0;
};

TEST(HealthBoard, KeepsItsPromisesThroughAnyStorm) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Storm storm(seed);
    for (int step = 0; step < 1000 && !::testing::Test::HasFatalFailure(); ++step) storm.step();
    if (::testing::Test::HasFatalFailure()) return;
  }
}

// However its checks come and go, a backend is not up more often than damping lets it: after the free falls once a
// hold, and holds grow to the longest. Falls while it is held count, so one that does not stop is out until it does.
TEST(HealthBoard, NobodyFlapsBeyondDamping) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    BoardOfFour four("check = { rise = 1, fall = 1 }\nflap_hold = \"2s\"\nflap_hold_max = \"64s\"\n");
    four.all_pass(0);
    std::int64_t now_ms = 0;
    int rises = 0;
    bool was_up = true;
    while (now_ms < 3'600'000) {
      // Mostly seconds apart, sometimes minutes.
      now_ms += static_cast<std::int64_t>(random() % 50 == 0 ? random() % 200'000 : random() % 3000);
      const ProbeOutcome outcome = random() % 2 == 0 ? ProbeOutcome::ok : ProbeOutcome::failed;
      four.board.check_result(0, {outcome, "", 0}, now_ms);
      four.board.tick(now_ms);
      const bool is_up = four.state(0).state == GW_HEALTH_UP;
      rises += is_up && !was_up ? 1 : 0;
      was_up = is_up;
    }
    EXPECT_LE(rises, 2 + 5 + 3600 / 64 + 1) << "seed " << seed << ": the free, the growing, one a longest hold";
    four.board.check_result(0, {ProbeOutcome::ok, "", 0}, now_ms);
    four.board.tick(now_ms + 64'000);
    EXPECT_EQ(four.state(0), full) << "seed " << seed << ": nobody is kept out longer than that";
  }
}

}  // namespace
}  // namespace guideway
