// SPDX-License-Identifier: Apache-2.0
#include "controlplane/true_path/probe_packet.hh"

#include <gtest/gtest.h>

#include <cstring>

#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "tests/support/frames.hh"
#include "tests/unit/controlplane/true_path/hop_mac.hh"

namespace guideway {
namespace {

constexpr std::uint8_t own_mac[6] = {2, 0, 0, 0, 0, 1};

std::vector<std::byte> packet_to_vip(std::size_t payload_bytes = 0) {
  testing_support::FrameOptions options;
  options.source_port = 40'000;
  options.payload_bytes = payload_bytes;
  const auto frame = testing_support::ipv4_frame(options);
  return {frame.begin() + 14, frame.end()};
}

gw_backend backend(std::uint8_t forward) {
  gw_backend row{};
  row.index = 7;
  row.forward = forward;
  row.family = 4;
  row.flags = GW_BACKEND_RESOLVED;
  std::memcpy(row.next_hop_mac, hop_mac, 6);
  std::memcpy(row.source_mac, own_mac, 6);
  const std::uint8_t address[4] = {10, 0, 0, 77};
  const std::uint8_t source[4] = {10, 0, 0, 1};
  std::memcpy(row.address, address, 4);
  std::memcpy(row.outer_source, source, 4);
  row.outer_source_bits = 32;
  row.mtu_bytes = 1500;
  row.tunnel_id = forward == GW_FORWARD_GUE ? 6080 : 0;
  return row;
}

Ipv4Header ipv4_at(const std::vector<std::byte>& frame, std::size_t offset) {
  Ipv4Header header{};
  std::memcpy(&header, frame.data() + offset, sizeof header);
  return header;
}

TEST(ProbePacket, GoesOnItsLinkAsItIs) {
  const auto packet = packet_to_vip();
  const auto frame = frame_for(packet, backend(GW_FORWARD_L2), 0);
  ASSERT_TRUE(frame.has_value()) << frame.error().message;
  ASSERT_EQ(frame->size(), 14 + packet.size());
  EXPECT_EQ(std::memcmp(frame->data(), hop_mac, 6), 0);
  EXPECT_EQ(std::memcmp(frame->data() + 6, own_mac, 6), 0);
  EXPECT_EQ(std::memcmp(frame->data() + 14, packet.data(), packet.size()), 0) << "the service's address is kept";
}

TEST(ProbePacket, GoesInsideItsTunnelUnchanged) {
  const auto packet = packet_to_vip();
  for (const auto& [forward, shim, protocol] :
       {std::tuple{GW_FORWARD_IPIP, 0, 4}, std::tuple{GW_FORWARD_GUE, 12, 17}, std::tuple{GW_FORWARD_GRE, 4, 47}}) {
    const auto frame = frame_for(packet, backend(static_cast<std::uint8_t>(forward)), 0);
    ASSERT_TRUE(frame.has_value()) << frame.error().message;
    const std::size_t inner = 14 + 20 + static_cast<std::size_t>(shim);
    ASSERT_EQ(frame->size(), inner + packet.size());
    const Ipv4Header outer = ipv4_at(*frame, 14);
    EXPECT_EQ(outer.protocol, protocol);
    EXPECT_EQ(outer.destination, (std::array<std::uint8_t, 4>{10, 0, 0, 77}));
    EXPECT_TRUE(header_checksum_holds(frame->data() + 14, 20));
    EXPECT_EQ(std::memcmp(frame->data() + inner, packet.data(), packet.size()), 0);
  }
}

TEST(ProbePacket, BecomesTheBackendsOwnByL3dsr) {
  const auto frame = frame_for(packet_to_vip(), backend(GW_FORWARD_L3DSR), 10);
  ASSERT_TRUE(frame.has_value()) << frame.error().message;
  const Ipv4Header header = ipv4_at(*frame, 14);
  EXPECT_EQ(header.destination, (std::array<std::uint8_t, 4>{10, 0, 0, 77}));
  EXPECT_EQ(header.dscp_and_ecn >> 2U, 10);
  EXPECT_TRUE(header_checksum_holds(frame->data() + 14, 20));
}

TEST(ProbePacket, HasATagWhereItsNextHopHasOne) {
  gw_backend row = backend(GW_FORWARD_L2);
  row.vlan = 20;
  const auto frame = frame_for(packet_to_vip(), row, 0);
  ASSERT_TRUE(frame.has_value()) << frame.error().message;
  EXPECT_EQ(std::to_integer<int>((*frame)[12]), 0x81);
  EXPECT_EQ(std::to_integer<int>((*frame)[15]), 20);
}

TEST(ProbePacket, SaysWhyTheDatapathWouldDropIt) {
  gw_backend row = backend(GW_FORWARD_L2);
  row.flags = 0;
  EXPECT_NE(frame_for(packet_to_vip(), row, 0).error().message.find("drop_unresolved"), std::string::npos);
  EXPECT_FALSE(frame_for(packet_to_vip(1490), backend(GW_FORWARD_IPIP), 0).has_value()) << "too big for its tunnel";
  EXPECT_FALSE(frame_for(std::vector<std::byte>(10), backend(GW_FORWARD_L2), 0).has_value());
}

TEST(ProbePacket, IsKnownByItsPort) {
  const auto packet = packet_to_vip();
  EXPECT_EQ(key_of(packet), (ProbeKey{Family::ipv4, 6, 40'000}));
  for (std::size_t length = 0; length < 40; ++length)
    EXPECT_FALSE(key_of(std::span(packet).first(length))) << "cut off after " << length;
  auto other = packet;
  other[9] = std::byte{1};
  EXPECT_FALSE(key_of(other)) << "ICMP has no port";
  std::vector<std::byte> ipv6(40 + 8);
  ipv6[0] = std::byte{0x60};
  ipv6[6] = std::byte{17};
  ipv6[40] = std::byte{0x9c};
  ipv6[41] = std::byte{0x40};
  EXPECT_EQ(key_of(ipv6), (ProbeKey{Family::ipv6, 17, 40'000}));
}

}  // namespace
}  // namespace guideway
