// SPDX-License-Identifier: Apache-2.0
// What a worker says of itself: sizes of bursts, busy cycles, latencies by class.
#include "dataplane/worker/telemetry.hh"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/unit/dataplane/worker/bench.hh"

namespace guideway {
namespace {

TEST(Telemetry, TimeIsBusyOrNot) {
  gw_worker_counters counters{};
  Telemetry telemetry(counters, 1'000'000'000);
  telemetry.begin(1000);
  telemetry.count_time(true, 1300);
  telemetry.count_time(false, 1800);
  telemetry.count_time(true, 1900);
  EXPECT_EQ(counters.cycles, 900U);
  EXPECT_EQ(counters.busy_cycles, 400U);
}

TEST(Telemetry, BurstsAreCountedByTheirSize) {
  gw_worker_counters counters{};
  Telemetry telemetry(counters, 1'000'000'000);
  for (const std::uint32_t size : {1U, 2U, 3U, 16U, 31U, 32U, 1000U}) static_cast<void>(telemetry.count_burst(size));
  const std::array<std::uint64_t, GW_BURST_CLASSES> expected{1, 2, 0, 0, 2, 1, 0, 1};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(counters.bursts[i], expected.at(i)) << i;
}

TEST(Telemetry, EverySixtyFourthBurstIsTimed) {
  gw_worker_counters counters{};
  Telemetry telemetry(counters, 1'000'000'000);
  std::uint32_t timed = 0;
  for (int i = 0; i < 640; ++i) timed += telemetry.count_burst(32) ? 1 : 0;
  EXPECT_EQ(timed, 10U);
}

TEST(Telemetry, LatenciesAreNanosecondsInClassesOfPowersOfTwo) {
  gw_worker_counters counters{};
  Telemetry telemetry(counters, 2'000'000'000);           // two cycles a nanosecond
  telemetry.count_latency(510);                           // 255 ns
  telemetry.count_latency(514);                           // 257 ns
  telemetry.count_latency(2 * std::uint64_t{1'000'000});  // 1 ms: below 2^20 ns
  telemetry.count_latency(120'000'000'000);               // a minute
  EXPECT_EQ(counters.latencies[0], 1U);
  EXPECT_EQ(counters.latencies[1], 1U);
  EXPECT_EQ(counters.latencies[20 - GW_LATENCY_FIRST_BITS], 1U);
  EXPECT_EQ(counters.latencies[GW_LATENCY_CLASSES - 1], 1U);
  EXPECT_NEAR(static_cast<double>(counters.latency_sum_ns), 60'001'000'512.0, 60'001.0);
}

TEST(Telemetry, TheClockRuns) {
  const std::uint64_t per_second = measure_cycles_per_second();
  EXPECT_GT(per_second, 1'000'000U);
  EXPECT_LT(per_second, 10'000'000'000U);
}

TEST(Telemetry, AWorkerCountsItsBurstsAndItsTime) {
  Bench bench;
  for (std::uint32_t i = 0; i < 64 * 32 + 5; ++i) ASSERT_TRUE(bench.port0.offer(testing_support::ipv4_frame({})));
  bench.poll_until_quiet();
  const gw_worker_counters& counters = bench.counters();
  EXPECT_EQ(counters.bursts[5], 64U);
  EXPECT_EQ(counters.bursts[2], 1U);
  EXPECT_EQ(std::accumulate(std::begin(counters.latencies), std::end(counters.latencies), std::uint64_t{0}), 1U);
  EXPECT_GT(counters.latency_sum_ns, 0U);
  EXPECT_GT(counters.busy_cycles, 0U);
  EXPECT_GT(counters.cycles, counters.busy_cycles);  // the last poll found nothing
}

}  // namespace
}  // namespace guideway
