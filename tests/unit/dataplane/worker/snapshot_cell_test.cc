// SPDX-License-Identifier: Apache-2.0
// Publication under way while workers poll, sleep, stop and return. Under the thread sanitizer a snapshot that is
// freed too early is a race that it reports; without, the magic in a freed snapshot's place is gone.
#include "dataplane/worker/snapshot_cell.hh"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/support/snapshot_bytes.hh"

namespace guideway {
namespace {

const Capacities cell_capacities{16, 16, 64};

std::unique_ptr<const Snapshot> snapshot_of(std::uint64_t generation) {
  testing_support::SnapshotRows rows;
  rows.generation = generation;
  rows.backends = {testing_support::backend_row(static_cast<std::uint32_t>(generation % 16), 0)};
  auto snapshot = Snapshot::load(testing_support::snapshot_bytes(rows), {}, cell_capacities);
  EXPECT_TRUE(snapshot);
  return std::move(*snapshot);
}

// Reads what a worker would read, and says whether it is one generation throughout.
bool is_whole(const Snapshot& snapshot) {
  const std::uint64_t generation = snapshot.generation();
  for (std::uint32_t index = 0; index < 16; ++index) {
    const bool expected = generation != 0 && index == generation % 16;
    if ((snapshot.backend(index).family != 0) != expected) return false;
  }
  return true;
}

TEST(SnapshotCell, WorkersThatAreAwayAreNotWaitedFor) {
  SnapshotCell cell(Snapshot::empty(), 3);
  cell.publish(snapshot_of(1));
  cell.join(1);
  EXPECT_EQ(cell.enter(1).generation(), 1U);
  cell.leave(1);
  cell.publish(snapshot_of(2));
  cell.join(1);
  EXPECT_EQ(cell.enter(1).generation(), 2U);
  cell.leave(1);
}

TEST(SnapshotCell, PublishReturnsOnlyWhenEveryWorkerHasPassedOn) {
  SnapshotCell cell(Snapshot::empty(), 2);
  std::atomic<bool> entered{false};
  std::atomic<bool> may_go_on{false};
  std::atomic<bool> published{false};
  std::thread worker([&] {
    cell.join(0);
    const Snapshot& snapshot = cell.enter(0);
    entered = true;
    while (!may_go_on) std::this_thread::yield();
    EXPECT_FALSE(published);  // we still hold the old one
    EXPECT_EQ(snapshot.generation(), 0U);
    EXPECT_EQ(cell.enter(0).generation(), 1U);
    while (!published) EXPECT_EQ(cell.enter(0).generation(), 1U);
    cell.leave(0);
  });
  while (!entered) std::this_thread::yield();
  std::thread publisher([&] {
    cell.publish(snapshot_of(1));
    published = true;
  });
  // As a second worker: the new one is there. Then some time in which publish() might return wrongly.
  const auto is_there = [&] {
    cell.join(1);
    const bool is_new = cell.enter(1).generation() == 1;
    cell.leave(1);
    return is_new;
  };
  while (!is_there()) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(published);
  may_go_on = true;
  publisher.join();
  worker.join();
}

TEST(SnapshotCell, NeverShowsAWorkerWhatIsFreed) {
  constexpr std::uint32_t worker_count = 4;
  constexpr std::uint64_t generations = 2000;
  SnapshotCell cell(Snapshot::empty(), worker_count);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> faults{0};
  std::vector<std::thread> workers;
  for (std::uint32_t index = 0; index < worker_count; ++index) {
    workers.emplace_back([&, index] {
      std::uint64_t newest_seen = 0;
      for (std::uint32_t poll = 0; !stop; ++poll) {
        cell.join(index);
        for (std::uint32_t i = 0; i <= poll % 64; ++i) {
          const Snapshot& snapshot = cell.enter(index);
          if (!is_whole(snapshot) || snapshot.generation() < newest_seen) ++faults;
          newest_seen = snapshot.generation();
        }
        cell.leave(index);
        // Some sleep between, as idle workers do; some come straight back.
        if (index % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(10));
      }
    });
  }
  for (std::uint64_t generation = 1; generation <= generations; ++generation) cell.publish(snapshot_of(generation));
  stop = true;
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(faults, 0U);
  EXPECT_EQ(cell.newest().generation(), generations);
}

}  // namespace
}  // namespace guideway
