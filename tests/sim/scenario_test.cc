// SPDX-License-Identifier: Apache-2.0
// What "remember only the exceptions" promises, told as scenarios.
#include <gtest/gtest.h>

#include <numeric>

#include "tests/sim/world.hh"

namespace guideway::sim {
namespace {

std::uint64_t sum_of_exits(const gw_worker_counters& counters) {
  return std::accumulate(std::begin(counters.exits), std::end(counters.exits), std::uint64_t{0});
}

TEST(Scenario, SteadyStateRemembersNothing) {
  World world({.seed = 1});
  for (int i = 0; i < 5000; ++i) world.tick(false);
  EXPECT_GT(world.opened(), 9000U);
  EXPECT_EQ(world.violations(), 0U);
  EXPECT_EQ(world.remembered_max(), 0U);
  EXPECT_EQ(world.counters().asked, 0U) << "and looks nothing up";
}

TEST(Scenario, OneOfAHundredFailsAndReturns) {
  WorldOptions options{.seed = 2, .backends = 100, .backends_max = 100, .opens_per_tick = 20, .table_slots = 65537};
  World world(options);
  for (int i = 0; i < 300; ++i) world.tick(false);
  ASSERT_EQ(world.remembered(), 0U);
  const std::string failed = world.backend_name(17);
  world.fail(failed);
  for (int i = 0; i < 400; ++i) world.tick(false);
  const std::uint64_t opened_on_its_slots = world.opened_elsewhere();
  EXPECT_GT(opened_on_its_slots, 20U);
  EXPECT_LE(world.remembered_max(), opened_on_its_slots);
  world.recover(failed);
  for (int i = 0; i < 8000; ++i) world.tick(false);
  EXPECT_EQ(world.violations(), 0U) << world.first_violation();
  EXPECT_LE(world.remembered_max(), opened_on_its_slots) << "its return makes no more exceptions";
  EXPECT_EQ(world.remembered(), 0U) << "and the exceptions end with their flows";
}

class Churn : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Churn, NoFlowOfALivingBackendMovesAndAllCalmsDown) {
  const std::uint64_t seed = GetParam();
  WorldOptions options{.seed = seed};
  if (seed % 4 == 1) options.protocol = Protocol::udp;
  if (seed % 4 == 2) options.scheduler = Scheduler::round_robin;
  World world(options);
  for (int i = 0; i < 12'000; ++i) world.tick(true);
  EXPECT_EQ(world.violations(), 0U) << "seed " << seed << ", " << world.first_violation();
  EXPECT_GT(world.counters().asked, 0U);
  EXPECT_EQ(world.counters().received_packets, sum_of_exits(world.counters()));

  world.calm();
  for (int i = 0; i < 8000; ++i) world.tick(false);
  EXPECT_EQ(world.violations(), 0U) << "seed " << seed << ", " << world.first_violation();
  EXPECT_EQ(world.moving_slots(), 0U) << "every slot is retired in the end";
  if (options.protocol == Protocol::udp || options.scheduler == Scheduler::round_robin) return;
  EXPECT_EQ(world.remembered(), 0U) << "every exception ends";
  const std::uint64_t asked = world.counters().asked;
  for (int i = 0; i < 500; ++i) world.tick(false);
  EXPECT_EQ(world.counters().asked, asked) << "back in the steady state nothing is looked up";
}

INSTANTIATE_TEST_SUITE_P(Seeds, Churn, testing::Range<std::uint64_t>(1, 25));

TEST(Canary, TooShortAnIdleTimeoutIsCaught) {
  WorldOptions options{.seed = 3, .service_idle_ticks = 20};
  World world(options);
  for (int i = 0; i < 12'000; ++i) world.tick(true);
  EXPECT_GT(world.violations(), 0U) << "the checker must be able to fail";
}

}  // namespace
}  // namespace guideway::sim
