// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/mass_events.hh"

#include <gtest/gtest.h>

#include <string>

namespace guideway {
namespace {

TEST(MassEvents, AreToldOnceAPoolAndWhatHappened) {
  MassEvents mass;
  for (int i = 1; i <= 3; ++i) {
    mass.note({"web", "b" + std::to_string(i)}, "is up; it was down");
    mass.note({"dns", "b" + std::to_string(i)}, "is up; it was down");
  }
  mass.note({"web", "b4"}, "is draining; it was down");
  const auto events = mass.take("backend", 1234);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].text, "pool dns: 3 backends, b1 first: is up; it was down");
  EXPECT_EQ(events[1].text, "pool web: 1 backends, b4 first: is draining; it was down");
  EXPECT_EQ(events[2].pool, "web");
  EXPECT_EQ(events[2].kind, "backend");
  EXPECT_EQ(events[2].time_ms, 1234);
  EXPECT_EQ(events[2].values["backends"], 3);
  EXPECT_TRUE(mass.take("backend", 0).empty()) << "once";
}

}  // namespace
}  // namespace guideway
