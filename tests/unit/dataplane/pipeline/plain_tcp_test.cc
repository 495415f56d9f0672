// SPDX-License-Identifier: Apache-2.0
// Every change of one byte of a plain packet, and every length: what is let pass as plain is so by a second reading of
// the frame, byte by byte, and is described as that says.
#include "dataplane/pipeline/plain_tcp.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace guideway {
namespace {

using Frame = std::vector<std::uint8_t>;

// Of both a TCP segment with 4 bytes of options and 3 of payload, so that every length may be wrong either way.
constexpr std::uint32_t segment_bytes = 27;

void put_checksum(Frame& frame) {
  frame[24] = frame[25] = 0;
  const std::uint16_t checksum = header_checksum(&frame[14], 20);
  std::memcpy(&frame[24], &checksum, sizeof checksum);
}

Frame plain_frame(bool is_ipv4) {
  Frame frame = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
  const Frame ipv4 = {8, 0, 0x45, 0, 0, 20 + segment_bytes, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 1, 2, 3, 192, 0, 2, 10};
  Frame ipv6 = {0x86, 0xdd, 0x60, 0, 0, 0, 0, segment_bytes, 6, 64};
  for (std::uint8_t i = 0; i < 32; ++i) ipv6.push_back(static_cast<std::uint8_t>(0xa0 + i));
  const Frame& ip = is_ipv4 ? ipv4 : ipv6;
  frame.insert(frame.end(), ip.begin(), ip.end());
  const Frame tcp = {0x12, 0x34, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x60, 0x02, 0, 9, 0, 0, 0, 0, 1, 1, 1, 1, 7, 7, 7};
  frame.insert(frame.end(), tcp.begin(), tcp.end());
  if (is_ipv4) put_checksum(frame);
  return frame;
}

// What a plain frame says, read without haste.
struct Reading {
  std::uint32_t family;
  std::uint32_t total_bytes;
  std::uint32_t l4_offset_bytes;
  Frame source;
  Frame destination;
  Frame ports;
  std::uint8_t flags;
};

std::optional<Reading> read_plainly(const Frame& frame) {
  if (frame.size() < 34) return std::nullopt;
  const std::uint32_t type = frame[12] << 8U | frame[13];
  if (type != 0x0800 && type != 0x86dd) return std::nullopt;
  const bool is_ipv4 = type == 0x0800;
  const std::uint32_t ip_bytes = is_ipv4 ? 20 : 40;
  const std::uint32_t l4_at = 14 + ip_bytes;
  if (frame.size() < l4_at + 20) return std::nullopt;
  if (is_ipv4 ? frame[14] != 0x45 : frame[14] >> 4U != 6) return std::nullopt;
  if (frame[is_ipv4 ? 23 : 20] != 6) return std::nullopt;
  if (is_ipv4 && ((frame[20] & 0x3f) != 0 || frame[21] != 0)) return std::nullopt;
  if (is_ipv4 && fold_sum(sum_of_bytes(&frame[14], 20)) != 0xffff) return std::nullopt;
  const std::uint32_t length = is_ipv4 ? frame[16] << 8U | frame[17] : frame[18] << 8U | frame[19];
  const std::uint32_t total_bytes = is_ipv4 ? length : length + 40;
  const std::uint32_t tcp_bytes = (frame[l4_at + 12] >> 4U) * 4U;
  if (total_bytes > 65535 || 14 + total_bytes > frame.size() || tcp_bytes < 20 || ip_bytes + tcp_bytes > total_bytes)
    return std::nullopt;
  const auto bytes = [&](std::uint32_t at, std::uint32_t count) {
    return Frame(frame.begin() + at, frame.begin() + at + count);
  };
  const std::uint32_t address_bytes = is_ipv4 ? 4 : 16;
  const std::uint32_t source_at = is_ipv4 ? 26 : 22;
  return Reading{is_ipv4 ? 4U : 6U,
                 total_bytes,
                 ip_bytes,
                 bytes(source_at, address_bytes),
                 bytes(source_at + address_bytes, address_bytes),
                 bytes(l4_at, 4),
                 frame[l4_at + 13]};
}

gw_flow_key key_of(const Reading& reading) {
  gw_flow_key key{};
  std::copy(reading.source.begin(), reading.source.end(), key.source);
  std::copy(reading.destination.begin(), reading.destination.end(), key.destination);
  std::memcpy(&key.source_port_be16, &reading.ports[0], 2);
  std::memcpy(&key.destination_port_be16, &reading.ports[2], 2);
  key.protocol = 6;
  key.family = static_cast<std::uint8_t>(reading.family);
  return key;
}

// Whether the frame was let pass; and that this is right.
bool passes(Frame frame) {
  Packet packet;
  std::memset(static_cast<void*>(&packet), 0xee, sizeof packet);  // a descriptor that other packets had before
  packet.data = reinterpret_cast<std::byte*>(frame.data());
  packet.length_bytes = static_cast<std::uint32_t>(frame.size());
  const bool passed = parse_plain_tcp(packet);
  const std::optional<Reading> reading = read_plainly(frame);
  EXPECT_EQ(passed, reading.has_value());
  if (!passed || !reading) return passed;
  const gw_flow_key key = key_of(*reading);
  EXPECT_EQ(std::memcmp(&packet.flow, &key, sizeof key), 0);
  EXPECT_EQ(packet.ip_offset_bytes, 14U);
  EXPECT_EQ(packet.ip_length_bytes, reading->total_bytes);
  EXPECT_EQ(packet.l4_offset_bytes, reading->l4_offset_bytes);
  EXPECT_EQ(packet.vlan_control, 0U);
  EXPECT_EQ(packet.kind, PacketKind::flow);
  EXPECT_EQ(packet.tcp_flags, reading->flags);
  EXPECT_EQ(packet.opens_flow, (reading->flags & 0x12) == 0x02);
  return true;
}

class PlainTcp : public testing::TestWithParam<bool> {};

TEST_P(PlainTcp, IsLetPass) { EXPECT_TRUE(passes(plain_frame(GetParam()))); }

TEST_P(PlainTcp, EveryByteChanged) {
  const Frame plain = plain_frame(GetParam());
  for (std::size_t at = 0; at < plain.size(); ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      Frame frame = plain;
      frame[at] = static_cast<std::uint8_t>(value);
      const bool passed = passes(frame);
      if (GetParam() && at >= 14 && at < 34) {
        EXPECT_EQ(passed, value == plain[at]) << "the checksum covers it";
        put_checksum(frame);
        passes(frame);
      }
      if (HasFailure()) FAIL() << "byte " << at << " is " << value;
    }
  }
}

TEST_P(PlainTcp, EveryLength) {
  const Frame plain = plain_frame(GetParam());
  for (std::size_t length = 0; length < plain.size(); ++length) {
    EXPECT_FALSE(passes(Frame(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(length)))) << length;
  }
  Frame padded = plain;
  padded.resize(plain.size() + 10);
  EXPECT_TRUE(passes(padded));
}

TEST(PlainTcpInIpv6, WhatFitsNoLinkIsNotPlain) {
  for (const std::uint32_t total : {65535U, 65536U, 65575U}) {
    Frame frame = plain_frame(false);
    frame.resize(14 + 65575);
    frame[18] = static_cast<std::uint8_t>((total - 40) >> 8U);
    frame[19] = static_cast<std::uint8_t>(total - 40);
    EXPECT_EQ(passes(frame), total == 65535);
  }
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, PlainTcp, testing::Bool(),
                         [](const auto& of) { return of.param ? "ipv4" : "ipv6"; });

}  // namespace
}  // namespace guideway
