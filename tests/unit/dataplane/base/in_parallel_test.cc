// SPDX-License-Identifier: Apache-2.0
#include "dataplane/base/in_parallel.hh"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace guideway {
namespace {

TEST(InParallel, EveryPieceIsDoneOnce) {
  for (const std::size_t count : {0U, 1U, 2U, 1000U}) {
    std::vector<std::atomic<int>> done(count);
    in_parallel(count, [&](std::size_t i) { ++done[i]; });
    for (const auto& each : done) ASSERT_EQ(each.load(), 1);
  }
}

TEST(InParallel, WhatWasWrittenIsThereAfterwards) {
  std::vector<int> squares(500);
  in_parallel(squares.size(), [&](std::size_t i) { squares[i] = static_cast<int>(i * i); });
  for (std::size_t i = 0; i < squares.size(); ++i) ASSERT_EQ(squares[i], static_cast<int>(i * i));
}

}  // namespace
}  // namespace guideway
