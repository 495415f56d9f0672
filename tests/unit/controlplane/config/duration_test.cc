// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/duration.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

TEST(Duration, ReadsNumbersWithUnitsOnly) {
  EXPECT_EQ(parse_duration_ms("500ms"), 500U);
  EXPECT_EQ(parse_duration_ms("2s"), 2000U);
  EXPECT_EQ(parse_duration_ms("15m"), 900'000U);
  EXPECT_EQ(parse_duration_ms("168h"), 604'800'000U);
  EXPECT_EQ(parse_duration_ms("4294967295ms"), 4294967295U);
  for (const char* wrong : {"", "5", "s", "5 s", "-5s", "+5s", "5.5s", "5S", "5sec", "4294967296ms", "1194h", "1d"})
    EXPECT_FALSE(parse_duration_ms(wrong).has_value()) << wrong;
}

TEST(Duration, WritesTheLargestExactUnit) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(1500), "1500ms");
  EXPECT_EQ(duration_text(900'000), "15m");
  EXPECT_EQ(duration_text(3'600'000), "1h");
  for (const std::uint32_t duration_ms : {1U, 999U, 1000U, 60'001U, 604'800'000U, 4294967295U})
    EXPECT_EQ(parse_duration_ms(duration_text(duration_ms)), duration_ms);
}

}  // namespace
}  // namespace guideway
