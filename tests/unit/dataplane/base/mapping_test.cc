// SPDX-License-Identifier: Apache-2.0
// Shared memory: what one side writes the other sees, sealed memory cannot be changed, and a peer that offers less than
// it says, or memory it could still change, is refused.
#include "dataplane/base/mapping.hh"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace guideway {
namespace {

constexpr std::array contents{std::byte{7}, std::byte{8}, std::byte{9}};

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

TEST(Mapping, RefusesWhatIsNoFile) {
  EXPECT_FALSE(Mapping::of_file(-1, 1, false));
  EXPECT_FALSE(sealed_length_bytes(-1));
}

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

TEST(SealedMemory, HoldsItsContents) {
  auto fd = make_sealed_memory("test", contents);
  ASSERT_TRUE(fd);
  auto length = sealed_length_bytes(fd->get());
  ASSERT_TRUE(length);
  ASSERT_EQ(*length, contents.size());
  auto mapping = Mapping::of_file(fd->get(), *length, false);
  ASSERT_TRUE(mapping);
  EXPECT_TRUE(std::equal(contents.begin(), contents.end(), mapping->data()));
}

TEST(SealedMemory, HoldsPartsWhereTheyAreToLie) {
  const std::array parts{MemoryPart{1, contents}, MemoryPart{5000, contents}};
  auto fd = make_sealed_memory("test", parts);
  ASSERT_TRUE(fd);
  ASSERT_EQ(*sealed_length_bytes(fd->get()), 5003U);
  auto mapping = Mapping::of_file(fd->get(), 5003, false);
  ASSERT_TRUE(mapping);
  std::array<std::byte, 5003> expected{};
  std::copy(contents.begin(), contents.end(), expected.begin() + 1);
  std::copy(contents.begin(), contents.end(), expected.begin() + 5000);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), mapping->data()));
  EXPECT_EQ(*sealed_length_bytes(make_sealed_memory("test", std::span<const MemoryPart>())->get()), 0U);
}

TEST(SealedMemory, CannotBeChanged) {
  auto fd = make_sealed_memory("test", contents);
  ASSERT_TRUE(fd);
  EXPECT_LT(::pwrite(fd->get(), "x", 1, 0), 0);
  EXPECT_NE(::ftruncate(fd->get(), 0), 0);
  EXPECT_NE(::ftruncate(fd->get(), 8192), 0);
  EXPECT_FALSE(Mapping::of_file(fd->get(), contents.size(), true));
}

TEST(SealedMemory, MemoryThatCanChangeIsNotTakenForIt) {
  auto fd = make_shared_memory("test", 3);
  ASSERT_TRUE(fd);
  auto length = sealed_length_bytes(fd->get());
  ASSERT_FALSE(length);
  EXPECT_EQ(length.error().message, "memory is not sealed against change");
}

}  // namespace
}  // namespace guideway
