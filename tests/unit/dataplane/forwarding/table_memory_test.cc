// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/table_memory.hh"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace guideway {
namespace {

constexpr std::size_t table_bytes = std::size_t{65537} * 8;
constexpr std::size_t page_bytes = std::size_t{2} << 20U;

std::vector<TableMemory::Block> blocks(TableMemory& memory, std::size_t count, std::size_t bytes) {
  std::vector<TableMemory::Block> taken;
  for (std::size_t i = 0; i < count; ++i) {
    auto block = memory.take(bytes);
    EXPECT_TRUE(block);
    taken.push_back(std::move(*block));
  }
  return taken;
}

TEST(TableMemory, OneTableTakesOnePageAndManyTakeWhatTheyNeed) {
  TableMemory memory;
  const auto one = blocks(memory, 1, table_bytes);
  EXPECT_EQ(memory.reserved_bytes(), page_bytes);
  const auto many = blocks(memory, 200, table_bytes);
  EXPECT_LT(memory.reserved_bytes(), 201 * table_bytes * 13 / 10);
  for (const auto& block : many) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.bytes().data()) % 64, 0U);
}

TEST(TableMemory, WhatIsGivenBackIsTakenAgain) {
  TableMemory memory;
  auto kept = blocks(memory, 100, table_bytes);
  const std::size_t reserved = memory.reserved_bytes();
  // One table changes at a time, the old one living until the new one is in use.
  for (int round = 0; round < 1000; ++round) {
    auto next = memory.take(table_bytes);
    ASSERT_TRUE(next);
    kept[static_cast<std::size_t>(round) % kept.size()] = std::move(*next);
  }
  EXPECT_LE(memory.reserved_bytes(), 2 * reserved);
  kept.clear();
  (void)memory.take(64);
  EXPECT_LE(memory.reserved_bytes(), std::size_t{32} << 20U) << "one region is kept, the rest is the system's again";
}

TEST(TableMemory, BlocksNeverOverlapAndKeepTheirBytes) {
  TableMemory memory;
  std::mt19937 random(5);
  struct Held {
    TableMemory::Block block;
    std::byte mark;
  };
  std::vector<Held> held;
  for (int round = 0; round < 3000; ++round) {
    if (held.size() > 40 || (!held.empty() && random() % 3 == 0)) {
      const std::size_t at = random() % held.size();
      for (const std::byte each : held[at].block.bytes()) ASSERT_EQ(each, held[at].mark);
      std::swap(held[at], held.back());
      held.pop_back();
      continue;
    }
    auto block = memory.take(1 + random() % 30'000);
    ASSERT_TRUE(block);
    const auto mark = static_cast<std::byte>(round);
    std::memset(block->bytes().data(), static_cast<int>(mark), block->bytes().size());
    held.push_back({std::move(*block), mark});
  }
}

TEST(TableMemory, ABlockMayOutliveIt) {
  TableMemory::Block block;
  {
    TableMemory memory;
    block = std::move(*memory.take(table_bytes));
  }
  std::memset(block.bytes().data(), 1, block.bytes().size());
}

TEST(TableMemory, ATableLargerThanARegionHasOneOfItsOwn) {
  TableMemory memory;
  const auto block = memory.take(std::size_t{40} << 20U);
  ASSERT_TRUE(block);
  EXPECT_EQ(memory.reserved_bytes(), std::size_t{40} << 20U);
}

}  // namespace
}  // namespace guideway
