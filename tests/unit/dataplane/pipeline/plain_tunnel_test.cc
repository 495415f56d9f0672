// SPDX-License-Identifier: Apache-2.0
// Headers made once a snapshot and headers made for each packet are the same bytes, for whatever backend and packet;
// and whether a packet may have the former is told here a second time.
#include "dataplane/pipeline/plain_tunnel.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "dataplane/pipeline/encapsulate.hh"

namespace guideway {
namespace {

class RandomFrame {
 public:
  explicit RandomFrame(std::mt19937& random) {
    std::generate(bytes_.begin(), bytes_.end(), [&] { return static_cast<std::byte>(random()); });
    const bool is_tagged = random() % 8 == 0;
    packet_.headroom_bytes = static_cast<std::uint16_t>(random() % 8 == 0 ? random() % 64 : 128);
    packet_.data = bytes_.data() + 128;
    packet_.ip_offset_bytes = is_tagged ? 18 : 14;
    packet_.flow.family = random() % 3 == 0 ? GW_FAMILY_IPV6 : GW_FAMILY_IPV4;
    packet_.ip_length_bytes =
        static_cast<std::uint16_t>(random() % 4 == 0 ? 1440 + random() % 80 : 20 + random() % 200);
    packet_.length_bytes = packet_.ip_offset_bytes + packet_.ip_length_bytes + static_cast<std::uint32_t>(random() % 8);
    packet_.hash = std::uint64_t{random()} << 32U | random();
  }
  RandomFrame(const RandomFrame& other) : bytes_(other.bytes_), packet_(other.packet_) {
    packet_.data = bytes_.data() + (other.packet_.data - other.bytes_.data());
  }
  RandomFrame& operator=(const RandomFrame&) = delete;

  [[nodiscard]] Packet& packet() { return packet_; }
  void expect_equals(RandomFrame& other) {
    EXPECT_EQ(bytes_, other.bytes_);
    EXPECT_EQ(packet_.data - bytes_.data(), other.packet_.data - other.bytes_.data());
    EXPECT_EQ(packet_.length_bytes, other.packet_.length_bytes);
    EXPECT_EQ(packet_.headroom_bytes, other.packet_.headroom_bytes);
    EXPECT_EQ(packet_.ip_offset_bytes, other.packet_.ip_offset_bytes);
  }

 private:
  std::array<std::byte, 2048> bytes_{};
  Packet packet_;
};

gw_backend random_backend(std::mt19937& random) {
  gw_backend backend{};
  const auto rarely = [&] { return random() % 16 == 0; };
  const auto fill = [&](auto& bytes) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  };
  backend.forward = static_cast<std::uint8_t>(random() % GW_FORWARD_COUNT);
  backend.family = rarely() ? GW_FAMILY_IPV6 : GW_FAMILY_IPV4;
  backend.flags = GW_BACKEND_RESOLVED;
  if (rarely()) backend.flags = static_cast<std::uint8_t>(random() % (GW_BACKEND_FLAGS + 1));
  backend.port = static_cast<std::uint8_t>(random() % 4);
  fill(backend.next_hop_mac);
  fill(backend.source_mac);
  fill(backend.address);
  fill(backend.outer_source);
  // Sums of all sizes, those that are nearly folded among them.
  if (random() % 4 == 0) std::fill_n(backend.address, 16, random() % 2 == 0 ? 0xff : 0);
  if (random() % 4 == 0) std::fill_n(backend.outer_source, 16, random() % 2 == 0 ? 0xff : 0);
  backend.mtu_bytes = static_cast<std::uint16_t>(random() % 8 == 0 ? random() % 64 : 1400 + random() % 120);
  backend.vlan = static_cast<std::uint16_t>(rarely() ? 7 : 0);
  backend.weight = 1;
  backend.outer_source_bits = rarely() ? 24 : 32;
  if (backend.family == GW_FAMILY_IPV6) backend.outer_source_bits = 128;
  backend.tunnel_id = random() % 0x10000;
  return backend;
}

bool is_plain(const gw_backend& backend, const Packet& packet) {
  return (backend.forward == GW_FORWARD_IPIP || backend.forward == GW_FORWARD_GUE) &&
         backend.family == GW_FAMILY_IPV4 && backend.flags == GW_BACKEND_RESOLVED && backend.vlan == 0 &&
         backend.outer_source_bits == 32 && packet.ip_offset_bytes == 14 &&
         packet.headroom_bytes >= tunnel_overhead_bytes(backend) &&
         packet.ip_length_bytes + tunnel_overhead_bytes(backend) <= backend.mtu_bytes;
}

TEST(PlainTunnel, HasTheBytesOfEveryOther) {
  std::mt19937 random(17);
  std::uint32_t plain = 0;
  for (int i = 0; i < 200'000; ++i) {
    const gw_backend backend = random_backend(random);
    const OuterHeaders outer = outer_headers_of(backend);
    RandomFrame one(random);
    ASSERT_EQ(takes(outer, one.packet()), is_plain(backend, one.packet())) << i;
    if (!takes(outer, one.packet())) continue;
    ++plain;
    RandomFrame other(one);
    encapsulate_plainly(one.packet(), outer);
    ASSERT_EQ(encapsulate(other.packet(), backend), GW_EXIT_SENT);
    one.expect_equals(other);
    EXPECT_EQ(one.packet().egress_port, backend.port);
    if (HasFailure()) FAIL() << i;
  }
  EXPECT_GT(plain, 20'000U);
}

}  // namespace
}  // namespace guideway
