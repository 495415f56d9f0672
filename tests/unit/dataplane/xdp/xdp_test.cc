// SPDX-License-Identifier: Apache-2.0
// The XDP program in the kernel, as its loader handles it. Skipped where BPF is refused.
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cstring>

#include "tests/unit/dataplane/xdp/xdp_bed.hh"

namespace guideway {
namespace {

constexpr std::uint32_t loopback = 1;  // its interface index in every network namespace

using Xdp = XdpBed;

TEST_F(Xdp, GivesEverythingToTheKernelBeforeTheFirstSnapshot) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  if (IsSkipped()) return;
  const XdpRun passed = run({});
  EXPECT_EQ(passed.action, static_cast<std::uint32_t>(XDP_PASS));
  EXPECT_EQ(passed.decision.exit, static_cast<std::uint32_t>(GW_EXIT_KERNEL_NO_SERVICE));
  EXPECT_EQ(worker().received_packets, 1U);
}

TEST_F(Xdp, SendsToTheBackendAndCounts) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  if (IsSkipped()) return;
  publish(1, 1, 7);
  const XdpRun sent = run({});
  EXPECT_EQ(sent.action, static_cast<std::uint32_t>(XDP_TX));
  EXPECT_EQ(sent.decision.backend, 7U);
  EXPECT_EQ(room_[0], std::byte{2});
  EXPECT_EQ(room_[5], std::byte{7});
  const WorkerCounters counters = program_->counters(0);
  EXPECT_EQ(counters.worker.exits[GW_EXIT_SENT], 1U);
  EXPECT_EQ(counters.worker.plain, 1U);
  EXPECT_EQ(counters.services[5].packets, 1U);
  EXPECT_EQ(counters.services[5].bytes, 40U);
  EXPECT_EQ(counters.backends[7].packets, 1U);
  EXPECT_EQ(counters.backends[7].opened, 1U);
}

TEST_F(Xdp, RedirectsByThePortOfTheBackend) {
  XdpOptions options;
  options.egress_by_port = true;
  ASSERT_NO_FATAL_FAILURE(start(options));
  if (IsSkipped()) return;
  publish(1, 1, 7);
  const XdpRun nowhere = run({});
  EXPECT_EQ(nowhere.action, static_cast<std::uint32_t>(XDP_DROP));
  EXPECT_EQ(nowhere.decision.exit, static_cast<std::uint32_t>(GW_EXIT_DROP_TX_FULL));
  EXPECT_EQ(program_->counters(0).services[5].packets, 0U);
  ASSERT_TRUE(program_->set_port(3, loopback));
  const XdpRun sent = run({});
  EXPECT_EQ(sent.action, static_cast<std::uint32_t>(XDP_REDIRECT));
  EXPECT_EQ(sent.decision.exit, static_cast<std::uint32_t>(GW_EXIT_SENT));
  EXPECT_EQ(worker().received_packets, 2U);
}

TEST_F(Xdp, ReplacesASnapshotWhole) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  if (IsSkipped()) return;
  publish(1, 1, 7);
  for (std::uint64_t generation = 2; generation < 9; ++generation) {
    const auto host = static_cast<std::uint8_t>(generation);
    publish(generation, host, static_cast<std::uint32_t>(generation));
    EXPECT_EQ(run({.host = host}).decision.backend, generation);
    EXPECT_EQ(run({.host = static_cast<std::uint8_t>(generation - 1)}).decision.exit,
              static_cast<std::uint32_t>(GW_EXIT_KERNEL_NO_SERVICE));
    EXPECT_EQ(maps_->tables_held(), 1U);
  }
}

TEST_F(Xdp, RowsOfBackendsThatAreGoneAreEmpty) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  if (IsSkipped()) return;
  // What a process before may have left, on both sides.
  for (const std::uint32_t side : {0U, 1U}) program_->backends(side)[15] = testing_support::backend_row(15, 1);
  std::uint64_t generation = 0;
  for (const std::uint32_t backend : {14U, 9U, 2U, 5U, 14U, 3U, 0U, 0U}) {
    publish(++generation, 1, backend);
    const auto rows = program_->backends(program_->control().side);
    ASSERT_EQ(rows.size(), small.backends_max);
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      const gw_backend expected = i == backend ? testing_support::backend_row(backend, 3) : gw_backend{};
      EXPECT_EQ(std::memcmp(&rows[i], &expected, sizeof expected), 0) << "row " << i << " at generation " << generation;
    }
  }
}

TEST_F(Xdp, AFullBucketOfLiveFlowsRefusesAndOneOnProbationMakesRoom) {
  XdpOptions options;
  options.ticks_are_given = true;
  ASSERT_NO_FATAL_FAILURE(start(options));
  if (IsSkipped()) return;
  publish(1, 1, 7, GW_SERVICE_FOLLOWS_EVERY_FLOW);
  for (std::uint16_t port = 1; port <= 8; ++port) {
    run({.source_port = port});
    if (port != 4) run({.source_port = port, .tcp_flags = 0x10});  // established
  }
  EXPECT_EQ(worker().flows_remembered, 8U);
  run({.source_port = 9});
  EXPECT_EQ(worker().flows_displaced, 1U);
  run({.source_port = 9, .tcp_flags = 0x10});
  run({.source_port = 10});
  EXPECT_EQ(worker().flows_not_remembered, 1U);
  EXPECT_EQ(worker().flows_remembered, 8U);
  EXPECT_EQ(program_->counters(0).backends[7].remembered, 8U);
}

TEST_F(Xdp, SweepsWhatHasExpired) {
  XdpOptions options;
  options.ticks_are_given = true;
  ASSERT_NO_FATAL_FAILURE(start(options));
  if (IsSkipped()) return;
  publish(1, 1, 7, GW_SERVICE_FOLLOWS_EVERY_FLOW);
  for (std::uint16_t port = 1; port <= 3; ++port) run({.source_port = port});
  program_->set_now_ticks(60 * GW_TICKS_PER_SECOND);
  ASSERT_TRUE(program_->sweep());
  EXPECT_EQ(worker().flows_remembered, 3U);  // there is slack
  program_->set_now_ticks(60 * GW_TICKS_PER_SECOND + gw_flow_slack_ticks(60 * GW_TICKS_PER_SECOND));
  ASSERT_TRUE(program_->sweep());
  EXPECT_EQ(worker().flows_expired, 3U);
  EXPECT_EQ(worker().flows_remembered, 0U);
  EXPECT_EQ(program_->counters(0).backends[7].remembered, 0U);
}

TEST_F(Xdp, RemembersByTheKernelsClockToo) {
  XdpOptions options;
  options.worker_count = 4;
  ASSERT_NO_FATAL_FAILURE(start(options));
  if (IsSkipped()) return;
  publish(1, 1, 7, GW_SERVICE_FOLLOWS_EVERY_FLOW);
  run({});
  std::uint64_t remembered = 0;
  for (std::uint32_t i = 0; i < options.worker_count; ++i) remembered += program_->counters(i).worker.flows_remembered;
  EXPECT_EQ(remembered, 1U);
}

}  // namespace
}  // namespace guideway
