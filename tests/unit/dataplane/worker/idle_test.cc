// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/idle.hh"

#include <gtest/gtest.h>

#include <vector>

namespace guideway {
namespace {

TEST(Idle, SleepsGrowUpToTheLastAndAPacketEndsThem) {
  Idle idle(IdleSettings{true, 3, 10, 50});
  const auto sleeps = [&](int polls) {
    std::vector<std::uint32_t> lengths;
    for (int i = 0; i < polls; ++i) lengths.push_back(idle.sleep_us_after(false));
    return lengths;
  };
  EXPECT_EQ(sleeps(8), (std::vector<std::uint32_t>{0, 0, 0, 10, 20, 40, 50, 50}));
  EXPECT_EQ(idle.sleep_us_after(true), 0U);
  EXPECT_EQ(sleeps(5), (std::vector<std::uint32_t>{0, 0, 0, 10, 20}));
}

TEST(Idle, NeverSleepsWhenSwitchedOff) {
  Idle idle(IdleSettings{false, 0, 10, 50});
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(idle.sleep_us_after(false), 0U);
}

}  // namespace
}  // namespace guideway
