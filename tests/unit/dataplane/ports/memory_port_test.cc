// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/memory_port.hh"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/dataplane/ports/filled_frame.hh"

namespace guideway {
namespace {

TEST(MemoryPort, HandsOverWhatWasOfferedInOrderAndInBursts) {
  MemoryPool pool(64);
  MemoryPort port(pool, 64);
  for (unsigned char i = 0; i < 40; ++i) ASSERT_TRUE(port.offer(filled_frame(60U + i, i)));

  Burst burst;
  port.receive(burst);
  ASSERT_EQ(burst.count, burst_packets_max);
  EXPECT_EQ(burst.packets[5].length_bytes, 65U);
  EXPECT_EQ(burst.packets[5].data[0], static_cast<std::byte>(5));
  EXPECT_GE(burst.packets[5].headroom_bytes, GW_HEADROOM_BYTES);
  port.receive(burst);
  EXPECT_EQ(burst.count, 8U);
  port.receive(burst);
  EXPECT_EQ(burst.count, 0U);
}

TEST(MemoryPort, AFrameMayLeaveByAnotherPortWithANewStart) {
  MemoryPool pool(4);
  MemoryPort in(pool, 4);
  MemoryPort out(pool, 4);
  ASSERT_TRUE(in.offer(filled_frame(60, 7)));
  Burst burst;
  in.receive(burst);
  Packet& packet = burst.packets[0];
  packet.data -= 20;
  packet.length_bytes += 20;
  packet.data[0] = static_cast<std::byte>(9);
  const std::array<Packet*, 1> packets{&packet};
  EXPECT_EQ(out.send(packets), 1U);
  EXPECT_EQ(pool.free_count(), 3U);

  const auto sent = out.take_sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].size(), 80U);
  EXPECT_EQ(sent[0][0], static_cast<std::byte>(9));
  EXPECT_EQ(pool.free_count(), 4U);
}

TEST(MemoryPort, IsFullWhenToldSo) {
  MemoryPool pool(8);
  MemoryPort port(pool, 8);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(port.offer(filled_frame(60, 1)));
  port.limit_sent(1);
  Burst burst;
  port.receive(burst);
  std::array<Packet*, 3> packets{&burst.packets[0], &burst.packets[1], &burst.packets[2]};
  EXPECT_EQ(port.send(packets), 1U);
  port.release(std::span(packets).subspan(1));
  EXPECT_EQ(port.released_count(), 2U);
  EXPECT_EQ(pool.free_count(), 7U);
}

TEST(MemoryPort, RefusesWhatItCannotHold) {
  MemoryPool pool(2, 100);
  MemoryPort port(pool, 2);
  EXPECT_FALSE(port.offer(filled_frame(101, 1)));
  EXPECT_TRUE(port.offer(filled_frame(100, 1)));
  EXPECT_TRUE(port.offer(filled_frame(0, 1)));
  EXPECT_FALSE(port.offer(filled_frame(1, 1)));
}

}  // namespace
}  // namespace guideway
