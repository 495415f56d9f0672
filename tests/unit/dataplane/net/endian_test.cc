// SPDX-License-Identifier: Apache-2.0
#include "dataplane/net/endian.hh"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "dataplane/net/ethernet.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/net/tcp.hh"
#include "dataplane/net/udp.hh"

namespace guideway {
namespace {

static_assert(alignof(Ipv4Header) == 1 && alignof(Ipv6Header) == 1 && alignof(TcpHeader) == 1 &&
              alignof(UdpHeader) == 1 && alignof(EthernetHeader) == 1);

TEST(Endian, LiesInNetworkOrder) {
  const be32 value(0x01020304);
  const std::array<std::uint8_t, 4> expected{1, 2, 3, 4};
  EXPECT_EQ(std::memcmp(&value, expected.data(), 4), 0);
  EXPECT_EQ(value.host(), 0x01020304U);
  EXPECT_EQ(be32::from_raw(value.raw()), value);
}

TEST(Ipv6, TrafficClassCrossesTheFirstTwoBytes) {
  const std::array<std::uint8_t, 40> bytes{0x6a, 0xb1, 0x23, 0x45};
  Ipv6Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  EXPECT_EQ(header.version(), 6U);
  EXPECT_EQ(header.traffic_class(), 0xab);
}

TEST(Ipv6, AtomicFragmentsAreWholePackets) {
  Ipv6FragmentHeader header{};
  EXPECT_TRUE(header.is_atomic());
  header.offset_and_more = be16(0x0006);  // reserved bits do not count
  EXPECT_TRUE(header.is_atomic());
  header.offset_and_more = be16(0x0001);
  EXPECT_FALSE(header.is_atomic());
  header.offset_and_more = be16(0x0008);
  EXPECT_FALSE(header.is_atomic());
}

TEST(Ipv4, FragmentsAreToldByOffsetOrMore) {
  Ipv4Header header{};
  header.flags_and_fragment_offset = be16(ipv4_dont_fragment);
  EXPECT_FALSE(header.is_fragment());
  header.flags_and_fragment_offset = be16(0x2000);
  EXPECT_TRUE(header.is_fragment());
  header.flags_and_fragment_offset = be16(0x0001);
  EXPECT_TRUE(header.is_fragment());
}

}  // namespace
}  // namespace guideway
