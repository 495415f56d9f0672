// SPDX-License-Identifier: Apache-2.0
// A broken invariant ends the program and says where, also in a release build.
#include "dataplane/base/check.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

TEST(Check, LetsPassWhatHolds) { check(true, "never said"); }

TEST(CheckDeathTest, SaysWhereAndWhy) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(check(false, "slots do not add up"), "broken invariant at .*check_test.cc:[0-9]+: slots do not add up");
}

}  // namespace
}  // namespace guideway
