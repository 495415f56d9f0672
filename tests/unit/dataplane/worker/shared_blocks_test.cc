// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/shared_blocks.hh"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace guideway {
namespace {

const Capacities block_capacities{3, 5, 64};

TEST(SharedBlocks, CountersLieWhereTheAbiSays) {
  auto block = CountersBlock::create(block_capacities, 2, 2'500'000'000);
  ASSERT_TRUE(block);
  block->worker(0).backends[4].remembered = 11;
  block->worker(1).worker.exits[15] = 22;
  block->worker(1).services[2].bytes = 33;

  const auto seen = Mapping::of_file(block->fd(), block->length_bytes(), false);
  ASSERT_TRUE(seen);
  gw_counters_header header{};
  std::memcpy(&header, seen->data(), sizeof header);
  EXPECT_EQ(header.magic, GW_COUNTERS_MAGIC);
  EXPECT_EQ(header.worker_count, 2U);
  EXPECT_EQ(header.services_max, 3U);
  EXPECT_EQ(header.backends_max, 5U);
  EXPECT_EQ(header.cycles_per_second, 2'500'000'000U);
  EXPECT_EQ(block->cycles_per_second(), 2'500'000'000U);
  const auto at = [&](std::size_t offset) {
    std::uint64_t value = 0;
    std::memcpy(&value, seen->data() + offset, sizeof value);
    return value;
  };
  const std::size_t first = 64;
  const std::size_t second = first + header.worker_stride_bytes;
  const std::size_t services = sizeof(gw_worker_counters);
  EXPECT_EQ(at(first + services + 3 * 16 + 4 * 32 + 24), 11U);
  EXPECT_EQ(at(second + 128 + 15 * 8), 22U);
  EXPECT_EQ(at(second + services + 2 * 16 + 8), 33U);
  EXPECT_EQ(header.worker_stride_bytes % 128, 0U);
}

TEST(SharedBlocks, ReadersCannotWriteCounters) {
  const auto block = CountersBlock::create(block_capacities, 1, 1);
  ASSERT_TRUE(block);
  EXPECT_FALSE(Mapping::of_file(block->fd(), block->length_bytes(), true));
  EXPECT_TRUE(Mapping::of_file(block->fd(), block->length_bytes(), false));
}

TEST(SharedBlocks, NobodyCanResizeThem) {
  const auto counters = CountersBlock::create(block_capacities, 1, 1);
  const auto health = HealthBlock::create(block_capacities);
  ASSERT_TRUE(counters && health);
  for (const int fd : {counters->fd(), health->fd()}) {
    EXPECT_NE(::ftruncate(fd, 0), 0);
    EXPECT_NE(::ftruncate(fd, 1 << 24), 0);
  }
}

TEST(SharedBlocks, WhatTheControlPlaneStoresTheWorkerLoads) {
  const auto health = HealthBlock::create(block_capacities);
  ASSERT_TRUE(health);
  EXPECT_EQ(health->table().size(), 5U);
  EXPECT_EQ(health->table().load(4), 0U);
  auto mapped = Mapping::of_file(health->fd(), health->length_bytes(), true);
  ASSERT_TRUE(mapped);
  const HealthTable controller({reinterpret_cast<std::uint64_t*>(mapped->data()), 5});
  const std::uint64_t word = gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE, 9);
  controller.store(4, word);
  EXPECT_EQ(health->table().load(4), word);
}

}  // namespace
}  // namespace guideway
