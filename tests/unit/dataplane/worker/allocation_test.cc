// SPDX-License-Identifier: Apache-2.0
// The promise that the packet path allocates nothing after start, kept by counting every call of malloc and its kin.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "dataplane/pipeline/exits.hh"
#include "tests/unit/dataplane/worker/bench.hh"

namespace {
std::atomic<std::uint64_t> allocation_count{0};
}  // namespace

// Every way of C++ to get memory from the heap ends here.
[[gnu::noinline]] void* operator new(std::size_t length_bytes) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(length_bytes == 0 ? 1 : length_bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void* operator new(std::size_t length_bytes, std::align_val_t alignment) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  const auto step = static_cast<std::size_t>(alignment);
  void* memory = std::aligned_alloc(step, (length_bytes + step - 1) / step * step);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace guideway {
namespace {

// What the C library has handed out and not got back; catches a malloc() that goes past operator new and stays.
std::size_t heap_bytes() { return ::mallinfo2().uordblks; }

template <typename BetweenRounds>
void run_every_packet(Bench& bench, BetweenRounds between_rounds) {
  std::mt19937 random(7);
  std::vector<std::vector<std::byte>> frames;
  for (int i = 0; i < 4000; ++i) frames.push_back(bench.any_frame(random));
  ASSERT_TRUE(bench.port0.offer(frames[0]));
  bench.poll_until_quiet();

  const std::uint64_t before = allocation_count.load();
  const std::size_t heap_before = heap_bytes();
  std::uint32_t now_ticks = 1;
  for (int round = 0; round < 20; ++round) {
    // Backends fail and return, so that flows are remembered, asked for, forgotten and swept.
    bench.health.table().store(
        0, gw_health_word(GW_SHARE_FULL, round % 3 == 0 ? GW_HEALTH_DOWN : GW_HEALTH_UP, GW_REASON_NONE, 1));
    bench.port1.limit_sent(round % 4 == 0 ? 10 : Bench::frame_count);
    for (const auto& frame : frames) {
      if (!bench.port0.offer(frame)) break;
    }
    for (const auto& frame : frames) {
      if (bench.face0.waiting_count() == 100 || !bench.face0.offer(frame)) break;
    }
    while (bench.worker->poll(now_ticks)) now_ticks += 7;
    bench.discard_sent();
    between_rounds();
  }
  EXPECT_EQ(allocation_count.load() - before, 0U);
  EXPECT_EQ(heap_bytes(), heap_before);
  // The rounds did visit what they were meant to.
  EXPECT_GT(bench.counters().flows_inserted, 1000U);
  EXPECT_GT(bench.counters().asked, 1000U);
  EXPECT_GT(bench.counters().plain, 1000U);
  EXPECT_GT(bench.exits(GW_EXIT_DROP_TX_FULL), 0U);
  EXPECT_GT(bench.counters().from_kernel_packets, 0U);
  EXPECT_TRUE(bench.adds_up());
}

TEST(PacketPath, AllocatesNothingAfterStart) {
  Bench bench;
  run_every_packet(bench, [] {});
}

// A reader that takes what it gets, and never enough.
TEST(PacketPath, AllocatesNothingWhileSomebodyCaptures) {
  Bench bench;
  const auto& header = *reinterpret_cast<const gw_capture_header*>(bench.capture_memory.data());
  auto& wish = *reinterpret_cast<gw_capture_wish*>(bench.capture_memory.data() + sizeof header);
  auto& ring = *reinterpret_cast<gw_capture_ring*>(bench.capture_memory.data() + header.rings_offset);
  wish.stages = GW_CAPTURE_RX | GW_CAPTURE_TX | GW_CAPTURE_DROP;
  wish.until_tick = 1U << 30U;
  run_every_packet(bench, [&ring] { ring.read = ring.written; });
  EXPECT_GT(ring.written, 5000U);
  EXPECT_GT(ring.lost, 5000U);
}

// Answers, fragments that wait, ICMP errors, limits, every way to a backend, both backends down now and then.
TEST(PacketPath, AllocatesNothingForOddPacketsEither) {
  Bench bench;
  bench.limits_flows = true;
  gw_backend gre = testing_support::backend_row(1, 1, GW_FORWARD_GRE);
  gre.vlan = 7;
  bench.publish(2, {testing_support::backend_row(0, 0, GW_FORWARD_L3DSR), gre});
  std::mt19937 random(11);
  std::vector<std::vector<std::byte>> frames;
  for (int i = 0; i < 4000; ++i) frames.push_back(Bench::any_odd_frame(random));
  ASSERT_TRUE(bench.port0.offer(frames[0]));
  bench.poll_until_quiet();
  bench.discard_sent();

  const std::uint64_t before = allocation_count.load();
  const std::size_t heap_before = heap_bytes();
  std::uint32_t now_ticks = 1;
  for (std::uint32_t round = 0; round < 20; ++round) {
    for (std::uint32_t backend = 0; backend < 2; ++backend) {
      const bool is_down = round % 4 == backend || round % 4 == 3;
      bench.health.table().store(
          backend, gw_health_word(GW_SHARE_FULL, is_down ? GW_HEALTH_DOWN : GW_HEALTH_UP, GW_REASON_NONE, 1));
    }
    for (const auto& frame : frames) {
      if (!bench.port0.offer(frame)) break;
    }
    while (bench.worker->poll(now_ticks)) now_ticks += round % 2;
    bench.discard_sent();
  }
  EXPECT_EQ(allocation_count.load() - before, 0U);
  EXPECT_EQ(heap_bytes(), heap_before);
  for (const gw_exit exit :
       {GW_EXIT_SENT, GW_EXIT_ANSWERED_ECHO, GW_EXIT_ANSWERED_TOO_BIG, GW_EXIT_ANSWERED_REJECT, GW_EXIT_DROP_FRAGMENT,
        GW_EXIT_DROP_FRAGMENTS_FULL, GW_EXIT_DROP_SOURCE_LIMITED, GW_EXIT_DROP_ECHO_LIMITED})
    EXPECT_GT(bench.exits(exit), 0U) << exit_names()[exit].name;
  bench.worker->poll(now_ticks + 1000);  // whatever is held has waited too long
  EXPECT_TRUE(bench.adds_up());
  EXPECT_TRUE(bench.nothing_leaked());
}

TEST(PacketPath, TheCounterOfAllocationsWorks) {
  const std::uint64_t before = allocation_count.load();
  const auto memory = std::make_unique<std::vector<int>>(100);
  EXPECT_EQ(allocation_count.load() - before, 2U);
}

}  // namespace
}  // namespace guideway
