// SPDX-License-Identifier: Apache-2.0
// Shared memory: what one side writes the other sees, a file that is shorter than its peer says is refused, and seals
// hold.
#include "dataplane/base/mapping.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace guideway {
namespace {

TEST(Mapping, SharesWhatIsWritten) {
  auto fd = make_shared_memory("test", 4096);
  ASSERT_TRUE(fd);
  auto writer = Mapping::of_file(fd->get(), 4096, true);
  auto reader = Mapping::of_file(fd->get(), 4096, false);
  ASSERT_TRUE(writer && reader);
  EXPECT_NE(writer->data(), reader->data());
  EXPECT_TRUE(
      std::all_of(reader->bytes().begin(), reader->bytes().end(), [](std::byte b) { return b == std::byte{0}; }));
  writer->bytes()[4095] = std::byte{42};
  EXPECT_EQ(reader->bytes()[4095], std::byte{42});
}

TEST(Mapping, RefusesAFileThatIsTooShort) {
  auto fd = make_shared_memory("test", 100);
  ASSERT_TRUE(fd);
  auto mapping = Mapping::of_file(fd->get(), 101, false);
  ASSERT_FALSE(mapping);
  EXPECT_EQ(mapping.error().message, "shared memory has 100 bytes, 101 are needed");
}

TEST(Mapping, RefusesWhatIsNoFile) { EXPECT_FALSE(Mapping::of_file(-1, 1, false)); }

TEST(Mapping, HasOneOwner) {
  auto made = Mapping::anonymous(100);
  ASSERT_TRUE(made);
  Mapping first = std::move(*made);
  const std::byte* data = first.data();
  Mapping second;
  second = std::move(first);
  EXPECT_EQ(second.data(), data);
  EXPECT_GE(second.bytes().size(), 100U);
  EXPECT_TRUE(std::all_of(second.bytes().begin(), second.bytes().end(), [](std::byte b) { return b == std::byte{0}; }));
}

TEST(SharedMemory, CannotBeResizedOnceItIsSealed) {
  auto fd = make_shared_memory("test", 4096);
  ASSERT_TRUE(fd);
  ASSERT_TRUE(seal_shared_memory(fd->get()));
  EXPECT_NE(::ftruncate(fd->get(), 0), 0);
  EXPECT_NE(::ftruncate(fd->get(), 8192), 0);
  EXPECT_EQ(::pwrite(fd->get(), "x", 1, 0), 1);
  EXPECT_TRUE(Mapping::of_file(fd->get(), 4096, true));
  EXPECT_FALSE(seal_shared_memory(fd->get(), F_SEAL_FUTURE_WRITE)) << "the seals are sealed too";
}

TEST(SharedMemory, IsWrittenOnlyThroughMappingsFromBeforeTheSeal) {
  auto fd = make_shared_memory("test", 4096);
  ASSERT_TRUE(fd);
  auto writer = Mapping::of_file(fd->get(), 4096, true);
  ASSERT_TRUE(writer);
  ASSERT_TRUE(seal_shared_memory(fd->get(), F_SEAL_FUTURE_WRITE));
  EXPECT_LT(::pwrite(fd->get(), "x", 1, 0), 0);
  EXPECT_FALSE(Mapping::of_file(fd->get(), 4096, true));
  writer->bytes()[0] = std::byte{42};
  EXPECT_EQ(Mapping::of_file(fd->get(), 4096, false)->bytes()[0], std::byte{42});
}

TEST(SharedMemory, WhatCannotBeSealedIsAnError) { EXPECT_FALSE(seal_shared_memory(-1)); }

}  // namespace
}  // namespace guideway
