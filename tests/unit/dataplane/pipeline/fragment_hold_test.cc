// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/fragment_hold.hh"

#include <gtest/gtest.h>

#include <vector>

namespace guideway {
namespace {

Packet fragment_from(std::uint8_t source, std::uint32_t length_bytes = 100) {
  Packet packet;
  packet.kind = PacketKind::later_fragment;
  packet.flow.family = GW_FAMILY_IPV4;
  packet.flow.source[0] = source;
  packet.length_bytes = length_bytes;
  return packet;
}

std::vector<std::uint8_t> sources_of_released(FragmentHold& hold) {
  std::vector<std::uint8_t> sources;
  for (; hold.next() != nullptr; hold.pop()) sources.push_back(hold.next()->packet.flow.source[0]);
  return sources;
}

TEST(FragmentHold, ReleasesTheKeysOwnInOrder) {
  FragmentHold hold;
  for (std::uint8_t source = 1; source <= 5; ++source) ASSERT_TRUE(hold.hold(fragment_from(source), source % 2, 0));
  EXPECT_EQ(hold.next(), nullptr);
  hold.release(1, 9, {});
  ASSERT_NE(hold.next(), nullptr);
  EXPECT_EQ(hold.next()->packet.released_after, 9);
  EXPECT_FALSE(hold.next()->is_expired);
  EXPECT_EQ(sources_of_released(hold), (std::vector<std::uint8_t>{1, 3, 5}));
  EXPECT_EQ(hold.held_bytes(), 200U);
  hold.release(0, 0, {});
  EXPECT_EQ(sources_of_released(hold), (std::vector<std::uint8_t>{2, 4}));
  EXPECT_TRUE(hold.is_empty());
  EXPECT_EQ(hold.held_bytes(), 0U);
}

TEST(FragmentHold, ExpiresAfterItsTime) {
  FragmentHold hold;
  ASSERT_TRUE(hold.hold(fragment_from(1), 1, 0xffffffffU));
  ASSERT_TRUE(hold.hold(fragment_from(2), 1, 1));
  hold.expire(GW_FRAGMENT_HOLD_TICKS - 2);
  EXPECT_EQ(hold.next(), nullptr);
  hold.expire(GW_FRAGMENT_HOLD_TICKS - 1);
  ASSERT_NE(hold.next(), nullptr);
  EXPECT_TRUE(hold.next()->is_expired);
  EXPECT_EQ(sources_of_released(hold), (std::vector<std::uint8_t>{1}));
}

TEST(FragmentHold, NoSourceTakesMoreThanItsPart) {
  FragmentHold hold;
  for (std::uint32_t i = 0; i < GW_FRAGMENTS_HELD_PER_SOURCE; ++i) ASSERT_TRUE(hold.hold(fragment_from(1), i, 0));
  EXPECT_FALSE(hold.hold(fragment_from(1), 99, 0));
  EXPECT_TRUE(hold.hold(fragment_from(2), 99, 0));
  hold.release(0, 0, {});
  EXPECT_TRUE(hold.hold(fragment_from(1), 99, 0));
}

TEST(FragmentHold, BoundedInNumber) {
  FragmentHold hold;
  for (std::uint32_t i = 0; i < GW_FRAGMENTS_HELD_MAX; ++i)
    ASSERT_TRUE(hold.hold(fragment_from(static_cast<std::uint8_t>(i / 8)), i, 0));
  EXPECT_FALSE(hold.hold(fragment_from(255), 1, 0));
}

TEST(FragmentHold, BoundedInBytes) {
  FragmentHold hold;
  const std::uint32_t large = GW_FRAGMENTS_HELD_BYTES_MAX / 4;
  for (std::uint8_t i = 0; i < 4; ++i) ASSERT_TRUE(hold.hold(fragment_from(i, large), i, 0));
  EXPECT_FALSE(hold.hold(fragment_from(9, 1), 9, 0));
  hold.expire(GW_FRAGMENT_HOLD_TICKS);
  while (hold.next() != nullptr) hold.pop();
  EXPECT_TRUE(hold.hold(fragment_from(9, 1), 9, 0));
}

// Whoever releases without taking cannot make the hold grow.
TEST(FragmentHold, WhatWasReleasedCountsUntilItIsTaken) {
  FragmentHold hold;
  std::uint32_t accepted = 0;
  for (std::uint32_t round = 0; round < 8; ++round) {
    for (std::uint32_t i = 0; i < GW_FRAGMENTS_HELD_MAX; ++i)
      accepted += hold.hold(fragment_from(static_cast<std::uint8_t>(i / 8)), round, 0) ? 1 : 0;
    hold.release(round, 0, {});
  }
  EXPECT_EQ(accepted, 2 * GW_FRAGMENTS_HELD_MAX);
  EXPECT_EQ(sources_of_released(hold).size(), std::size_t{2} * GW_FRAGMENTS_HELD_MAX);
  EXPECT_TRUE(hold.hold(fragment_from(1), 1, 0));
}

}  // namespace
}  // namespace guideway
