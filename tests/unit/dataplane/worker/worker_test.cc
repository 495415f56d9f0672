// SPDX-License-Identifier: Apache-2.0
// A worker over memory ports: where packets go, that exits always add up, whatever is full.
#include "dataplane/worker/worker.hh"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <thread>

#include "tests/unit/dataplane/worker/bench.hh"

namespace guideway {
namespace {

using testing_support::arp_frame;
using testing_support::FrameOptions;
using testing_support::ipv4_frame;

TEST(Worker, SendsByThePortThatTheBackendNames) {
  Bench bench;
  for (std::uint16_t port = 1000; port < 1100; ++port) {
    FrameOptions options;
    options.source_port = port;
    ASSERT_TRUE(bench.port0.offer(ipv4_frame(options)));
  }
  bench.poll_until_quiet();
  // Backend 0 is behind port 0, backend 1 behind port 1.
  const std::size_t by_port0 = bench.port0.take_sent().size();
  const std::size_t by_port1 = bench.port1.take_sent().size();
  EXPECT_EQ(by_port0 + by_port1, 100U);
  EXPECT_GT(by_port0, 20U);
  EXPECT_GT(by_port1, 20U);
  EXPECT_EQ(bench.exits(GW_EXIT_SENT), 100U);
  EXPECT_TRUE(bench.adds_up());
}

TEST(Worker, GivesTheKernelWhatNoServiceClaims) {
  Bench bench;
  ASSERT_TRUE(bench.port0.offer(arp_frame()));
  FrameOptions options;
  options.destination_port = 81;
  ASSERT_TRUE(bench.port1.offer(ipv4_frame(options)));
  bench.poll_until_quiet();
  EXPECT_EQ(bench.face0.take_sent().size(), 1U);
  EXPECT_EQ(bench.face1.take_sent().size(), 1U);
  EXPECT_EQ(bench.exits(GW_EXIT_KERNEL_NOT_IP), 1U);
  EXPECT_EQ(bench.exits(GW_EXIT_KERNEL_NO_SERVICE), 1U);
  EXPECT_TRUE(bench.adds_up());
}

TEST(Worker, PassesOnWhatTheKernelSends) {
  Bench bench;
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(bench.face0.offer(arp_frame()));
  bench.port0.limit_sent(35);
  bench.poll_until_quiet();
  EXPECT_EQ(bench.port0.take_sent().size(), 35U);
  EXPECT_EQ(bench.counters().from_kernel_packets, 35U);
  EXPECT_EQ(bench.counters().from_kernel_dropped, 5U);
  EXPECT_EQ(bench.counters().received_packets, 0U);
  EXPECT_TRUE(bench.nothing_leaked());
}

TEST(Worker, FullPortsAreNamedDrops) {
  Bench bench;
  bench.port0.limit_sent(3);
  bench.port1.limit_sent(4);
  bench.face0.limit_sent(5);
  for (std::uint16_t port = 1000; port < 1100; ++port) {
    FrameOptions options;
    options.source_port = port;
    ASSERT_TRUE(bench.port0.offer(ipv4_frame(options)));
    ASSERT_TRUE(bench.port0.offer(arp_frame()));
  }
  bench.poll_until_quiet();
  EXPECT_EQ(bench.exits(GW_EXIT_SENT), 7U);
  EXPECT_EQ(bench.exits(GW_EXIT_DROP_TX_FULL), 93U);
  EXPECT_EQ(bench.exits(GW_EXIT_KERNEL_NOT_IP), 5U);
  EXPECT_EQ(bench.exits(GW_EXIT_DROP_KERNEL_FULL), 95U);
  EXPECT_TRUE(bench.adds_up());
  bench.discard_sent();
  EXPECT_TRUE(bench.nothing_leaked());
}

TEST(Worker, WithoutAKernelFaceItsPacketsAreNamedDrops) {
  Bench bench(Bench::KernelFaces::none);
  ASSERT_TRUE(bench.port0.offer(arp_frame()));
  bench.poll_until_quiet();
  EXPECT_EQ(bench.exits(GW_EXIT_DROP_KERNEL_FULL), 1U);
  EXPECT_TRUE(bench.adds_up());
  EXPECT_TRUE(bench.nothing_leaked());
}

TEST(Worker, APortThatDoesNotExistIsANamedDrop) {
  Bench bench;
  bench.publish(2, {testing_support::backend_row(0, 2), testing_support::backend_row(1, 255)});
  for (std::uint16_t port = 1000; port < 1100; ++port) {
    FrameOptions options;
    options.source_port = port;
    ASSERT_TRUE(bench.port0.offer(ipv4_frame(options)));
  }
  bench.poll_until_quiet();
  EXPECT_EQ(bench.exits(GW_EXIT_DROP_UNRESOLVED), 100U);
  EXPECT_TRUE(bench.adds_up());
  EXPECT_TRUE(bench.nothing_leaked());
}

// Whatever comes, whatever is full: every received packet has exactly one exit, every buffer comes back.
TEST(Worker, ExitsAddUpForAnyMixtureOfPacketsAndFullPorts) {
  for (const std::uint32_t seed : {1U, 2U, 3U, 4U, 5U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Bench bench;
    std::mt19937 random(seed);
    std::uint64_t offered = 0;
    for (int round = 0; round < 300; ++round) {
      for (auto i = random() % 50; i > 0; --i) {
        MemoryPort& port = random() % 2 == 0 ? bench.port0 : bench.port1;
        offered += port.offer(bench.any_frame(random)) ? 1 : 0;
      }
      for (MemoryPort* port : {&bench.port0, &bench.port1, &bench.face0, &bench.face1})
        port->limit_sent(random() % 4 == 0 ? static_cast<std::uint32_t>(random() % 8) : Bench::frame_count);
      bench.poll_until_quiet();
      if (random() % 3 == 0) bench.discard_sent();
    }
    bench.discard_sent();
    EXPECT_EQ(bench.counters().received_packets, offered);
    EXPECT_TRUE(bench.adds_up());
    EXPECT_TRUE(bench.nothing_leaked());
  }
}

TEST(Worker, SaysWhatItRemembers) {
  Bench bench;
  FrameOptions options;
  options.protocol = 17;
  options.destination_port = 53;
  ASSERT_TRUE(bench.port0.offer(ipv4_frame(options)));
  bench.poll_until_quiet();

  const auto ask = [&](std::uint64_t hash) {
    FlowQuestion question;
    question.hash = hash;
    std::thread asker([&] { EXPECT_TRUE(bench.worker->mailbox().ask(question, std::chrono::seconds(10))); });
    while (!question.answered.load(std::memory_order_acquire)) bench.worker->poll(Bench::now_ticks);
    asker.join();
    return question.answer;
  };
  const auto found = ask(bench.hash_of(options));
  ASSERT_TRUE(found);
  EXPECT_LT(found->backend, 2U);
  EXPECT_EQ(found->state, GW_FLOW_PROBATION);
  EXPECT_GT(found->remaining_ticks, 0U);
  options.source_port = 9;
  EXPECT_FALSE(ask(bench.hash_of(options)));
}

TEST(Worker, CountsPolls) {
  Bench bench;
  ASSERT_TRUE(bench.port0.offer(arp_frame()));
  EXPECT_TRUE(bench.worker->poll(Bench::now_ticks));
  EXPECT_FALSE(bench.worker->poll(Bench::now_ticks));
  EXPECT_EQ(bench.counters().loops, 2U);
  EXPECT_EQ(bench.counters().busy_loops, 1U);
}

TEST(Worker, RunsUntilToldToStopAndSleepsMeanwhile) {
  Bench bench(Bench::KernelFaces::both, IdleSettings{true, 4, 10, 200});
  bench.leave();
  std::atomic<bool> stop{false};
  std::thread thread([&] { bench.worker->run(stop); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  bench.publish(2, {testing_support::backend_row(0, 0), testing_support::backend_row(1, 1)});
  FlowQuestion question;
  EXPECT_TRUE(bench.worker->mailbox().ask(question, std::chrono::seconds(10)));
  stop = true;
  thread.join();
  EXPECT_GT(bench.counters().loops, 4U);
  EXPECT_EQ(bench.counters().busy_loops, 0U);
  EXPECT_EQ(bench.cell->newest().generation(), 2U);
}

}  // namespace
}  // namespace guideway
