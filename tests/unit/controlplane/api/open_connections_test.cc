// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/open_connections.hh"

#include <gtest/gtest.h>

#include <vector>

namespace guideway {
namespace {

class OpenConnectionsTest : public ::testing::Test {
 protected:
  OpenConnections::Number add(uid_t uid, int name) {
    return open_.add(uid, [this, name] { hung_up_.push_back(name); });
  }
  OpenConnections open_{3};
  std::vector<int> hung_up_;
};

TEST_F(OpenConnectionsTest, NobodyGoesWhileThereIsRoom) {
  add(1, 1);
  add(1, 2);
  EXPECT_TRUE(open_.make_room());
  EXPECT_TRUE(hung_up_.empty());
}

TEST_F(OpenConnectionsTest, TheLongestWaitingGoes) {
  const auto first = add(1, 1);
  add(1, 2);
  add(1, 3);
  open_.waits(first);
  EXPECT_TRUE(open_.make_room());
  EXPECT_EQ(hung_up_, std::vector<int>{2});
  EXPECT_EQ(open_.count(), 2U);
}

TEST_F(OpenConnectionsTest, ACrowdOfOneUserKeepsOutNoOther) {
  add(7, 1);
  add(8, 2);
  add(8, 3);
  EXPECT_TRUE(open_.make_room());
  EXPECT_EQ(hung_up_, std::vector<int>{2});
}

TEST_F(OpenConnectionsTest, WhoIsBeingAnsweredStays) {
  const auto first = add(1, 1);
  const auto second = add(1, 2);
  const auto third = add(1, 3);
  open_.works(first);
  open_.works(second);
  open_.works(third);
  EXPECT_FALSE(open_.make_room());
  open_.waits(second);
  EXPECT_TRUE(open_.make_room());
  EXPECT_EQ(hung_up_, std::vector<int>{2});
}

}  // namespace
}  // namespace guideway
