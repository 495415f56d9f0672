// SPDX-License-Identifier: Apache-2.0
// Which tables travel together.
#include "controlplane/publish/table_batch.hh"

#include <gtest/gtest.h>

#include <memory>

namespace guideway {
namespace {

// Tables of these lengths, with ids from 1 on; nobody looks into them here.
std::vector<CompiledTable> tables_of(const std::vector<std::size_t>& lengths_bytes) {
  std::vector<CompiledTable> tables;
  tables.reserve(lengths_bytes.size());
  for (const std::size_t length_bytes : lengths_bytes)
    tables.push_back({tables.size() + 1, std::make_shared<const std::vector<std::byte>>(length_bytes)});
  return tables;
}

bool none(std::uint64_t /*id*/) { return false; }

// The ids of one batch after the other.
std::vector<std::vector<std::uint64_t>> batches_of(const std::vector<CompiledTable>& tables) {
  std::vector<std::vector<std::uint64_t>> batches;
  for (TableBatch batch = batch_tables(tables, 0, none); !batch.ids.empty();
       batch = batch_tables(tables, batch.end, none))
    batches.push_back(batch.ids);
  return batches;
}

using Batches = std::vector<std::vector<std::uint64_t>>;

TEST(TableBatch, ManySmallTablesFillAMemory) {
  constexpr std::size_t table_bytes = 2032;  // 251 slots
  const auto tables = tables_of(std::vector<std::size_t>(3000, table_bytes));
  const TableBatch batch = batch_tables(tables, 0, none);
  ASSERT_EQ(batch.ids.size(), 2048U);
  ASSERT_EQ(batch.parts.size(), 2048U);
  EXPECT_EQ(batch.end, 2048U);
  for (std::size_t i = 0; i < batch.parts.size(); ++i) {
    ASSERT_EQ(batch.ids[i], i + 1);
    ASSERT_EQ(batch.parts[i].at_bytes, i * 2048);
    ASSERT_EQ(batch.parts[i].bytes.data(), tables[i].bytes->data());
    ASSERT_EQ(batch.parts[i].bytes.size(), table_bytes);
  }
  EXPECT_EQ(batch_tables(tables, batch.end, none).ids.size(), 952U);
}

TEST(TableBatch, ATableBeyondTheGoalGoesAlone) {
  constexpr std::size_t large = staged_tables_bytes_goal + 1;
  EXPECT_EQ(batches_of(tables_of({large, 100, 100, large, large, 100})), (Batches{{1}, {2, 3}, {4}, {5}, {6}}));
}

TEST(TableBatch, AMemoryIsNotLongerThanTheGoal) {
  constexpr std::size_t half = staged_tables_bytes_goal / 2;
  EXPECT_EQ(batches_of(tables_of({half, half})), (Batches{{1, 2}}));
  EXPECT_EQ(batches_of(tables_of({half, half + 1})), (Batches{{1}, {2}}));
  // What lies between two tables counts.
  EXPECT_EQ(batches_of(tables_of({half + 1, half - 64})), (Batches{{1, 2}}));
  EXPECT_EQ(batches_of(tables_of({half + 1, half - 63})), (Batches{{1}, {2}}));
}

TEST(TableBatch, WhatTheDatapathHoldsIsLeftOut) {
  const auto tables = tables_of({100, 100, 100, 100});
  const TableBatch batch = batch_tables(tables, 0, [](std::uint64_t id) { return id % 2 == 1; });
  EXPECT_EQ(batch.ids, (std::vector<std::uint64_t>{2, 4}));
  EXPECT_EQ(batch.parts[1].at_bytes, 128U);
  EXPECT_EQ(batch.end, 4U);
  const TableBatch nothing = batch_tables(tables, 0, [](std::uint64_t) { return true; });
  EXPECT_TRUE(nothing.ids.empty());
  EXPECT_TRUE(nothing.parts.empty());
  EXPECT_EQ(nothing.end, 4U);
}

}  // namespace
}  // namespace guideway
