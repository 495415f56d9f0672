// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/unmade_checks.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

TEST(UnmadeChecks, AreToldOnceAReason) {
  UnmadeChecks unmade;
  EXPECT_TRUE(unmade.note("no route to 10.0.0.1", 1000, 0));
  EXPECT_FALSE(unmade.note("no route to 10.0.77.2", 1000, 10)) << "the same reason, of another backend";
  EXPECT_TRUE(unmade.note("Too many open files", 1000, 20));
  EXPECT_TRUE(unmade.take_over(4999).empty());
}

TEST(UnmadeChecks, AreOverOnceNobodyMeetsTheReason) {
  UnmadeChecks unmade;
  EXPECT_TRUE(unmade.note("no route to 10.0.0.1", 1000, 0));
  EXPECT_FALSE(unmade.note("no route to 10.0.0.1", 1000, 3000));
  EXPECT_TRUE(unmade.take_over(7999).empty());
  const auto over = unmade.take_over(8000);
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over.front().reason, "no route to 10.0.0.1");
  EXPECT_EQ(over.front().began_ms, 0);
  EXPECT_TRUE(unmade.take_over(8001).empty());
  EXPECT_TRUE(unmade.note("no route to 10.0.0.1", 1000, 9000)) << "it has begun again";
}

TEST(UnmadeChecks, WaitForChecksThatAreSeldomMade) {
  UnmadeChecks unmade;
  EXPECT_TRUE(unmade.note("no route to 10.0.0.1", 60'000, 0));
  EXPECT_FALSE(unmade.note("no route to 10.0.0.2", 1000, 1000)) << "nor does another make it end before its time";
  EXPECT_TRUE(unmade.take_over(179'999).empty());
  EXPECT_EQ(unmade.take_over(180'000).size(), 1U);
}

}  // namespace
}  // namespace guideway
