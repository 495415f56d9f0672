// SPDX-License-Identifier: Apache-2.0
// A descriptor is closed once, by its last owner.
#include "dataplane/base/unique_fd.hh"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace guideway {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

int opened() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(UniqueFd, ClosesAtItsEnd) {
  int fd = -1;
  {
    const UniqueFd owner(opened());
    fd = owner.get();
    ASSERT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFd, MovesOwnership) {
  UniqueFd first(opened());
  const int fd = first.get();
  UniqueFd second(std::move(first));
  EXPECT_EQ(second.get(), fd);
  UniqueFd third(opened());
  const int replaced = third.get();
  third = std::move(second);
  EXPECT_FALSE(is_open(replaced));
  EXPECT_TRUE(is_open(fd));
  EXPECT_EQ(third.release(), fd);
  EXPECT_FALSE(third);
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

}  // namespace
}  // namespace guideway
