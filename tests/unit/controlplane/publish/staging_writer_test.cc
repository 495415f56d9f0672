// SPDX-License-Identifier: Apache-2.0
// What is staged lies where it was said to lie, in the other half than what was staged before; what has no room is not
// written.
#include "controlplane/publish/staging_writer.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dataplane/base/mapping.hh"

namespace guideway {
namespace {

constexpr std::size_t half_bytes = 8192;

std::vector<std::byte> filled(std::size_t length_bytes, int with) {
  return std::vector<std::byte>(length_bytes, static_cast<std::byte>(with));
}

class StagingWriterTest : public testing::Test {
 protected:
  static UniqueFd memory_of(std::size_t length_bytes) { return *make_shared_memory("test", length_bytes); }
  [[nodiscard]] bool holds(std::size_t at, const std::vector<std::byte>& expected) const {
    return std::equal(expected.begin(), expected.end(), seen_.data() + at);
  }

  UniqueFd fd_ = memory_of(2 * half_bytes);
  Mapping seen_ = std::move(*Mapping::of_file(fd_.get(), 2 * half_bytes, false));
  StagingWriter writer_{std::move(fd_), 2 * half_bytes};
};

TEST_F(StagingWriterTest, WritesEachPartWhereItIsToLie) {
  const auto first = filled(100, 1);
  const auto second = filled(200, 2);
  const auto staged = writer_.write(std::vector<StagedPart>{{0, first}, {128, second}});
  ASSERT_TRUE(staged);
  EXPECT_EQ(staged->at_bytes, 0U);
  EXPECT_EQ(staged->length_bytes, 328U);
  EXPECT_TRUE(holds(0, first) && holds(128, second));
}

TEST_F(StagingWriterTest, TakesTheHalvesInTurn) {
  for (int round = 1; round < 6; ++round) {
    const auto whole = filled(half_bytes, round);
    const auto staged = writer_.write(std::vector<StagedPart>{{0, whole}});
    ASSERT_TRUE(staged);
    EXPECT_EQ(staged->at_bytes, round % 2 == 1 ? 0 : half_bytes);
    EXPECT_TRUE(holds(staged->at_bytes, whole));
    EXPECT_TRUE(round == 1 || holds(half_bytes - staged->at_bytes, filled(half_bytes, round - 1))) << "the one before";
  }
}

TEST_F(StagingWriterTest, WhatHasNoRoomIsNotWritten) {
  const auto long_one = filled(half_bytes, 1);
  const auto staged = writer_.write(std::vector<StagedPart>{{1, long_one}});
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().message, "half the staging memory is 8192 bytes, 8193 are needed");
  EXPECT_TRUE(holds(0, filled(2 * half_bytes, 0)));
  // And the next one begins where it would have.
  EXPECT_EQ(writer_.write(std::vector<StagedPart>{{0, long_one}})->at_bytes, 0U);
}

TEST_F(StagingWriterTest, NoMemoryIsAnError) {
  StagingWriter nowhere(UniqueFd(), 2 * half_bytes);
  const auto staged = nowhere.write(std::vector<StagedPart>{{0, filled(1, 1)}});
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().message, "cannot fill the staging memory: Bad file descriptor");
}

}  // namespace
}  // namespace guideway
