// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/target.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

TEST(Target, IsTakenApart) {
  auto target = Target::parse("/v1/services/web?x=1&y=a%20b&z");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->segments, (std::vector<std::string>{"v1", "services", "web"}));
  EXPECT_EQ(target->query, (std::map<std::string, std::string>{{"x", "1"}, {"y", "a b"}, {"z", ""}}));
}

TEST(Target, AnEncodedSlashDoesNotSplitASegment) {
  auto target = Target::parse("/v1/services/a%2Fb");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->segments.back(), "a/b");
}

TEST(Target, AddressesNeedNoEncoding) {
  auto target = Target::parse("/v1/explain?source=[2001:db8::1]:80&destination=192.0.2.1:443");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->query["source"], "[2001:db8::1]:80");
}

TEST(Target, WhatIsNoPathIsNothing) {
  for (const char* text : {"", "v1/status", "*", "/v1/%", "/v1/%4", "/v1/%zz", "/v1?x=%g0", "http://x/v1"}) {
    EXPECT_FALSE(Target::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace guideway
