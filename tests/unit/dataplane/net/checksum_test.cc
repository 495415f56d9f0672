// SPDX-License-Identifier: Apache-2.0
#include "dataplane/net/checksum.hh"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace guideway {
namespace {

// RFC 1071 section 4.1, byte by byte and in big-endian words: slow, and nothing like the code under test.
std::uint16_t reference_sum(const std::uint8_t* bytes, std::size_t length) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < length; i += 2) sum += static_cast<std::uint32_t>(bytes[i] << 8U | bytes[i + 1]);
  while (sum >> 16U) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(sum);
}

TEST(Checksum, KnownHeader) {
  // The IPv4 header that the literature computes by hand: checksum b861.
  std::array<std::uint8_t, 20> header{0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                      0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
  const std::uint16_t sum = header_checksum(header.data(), 20);
  std::memcpy(header.data() + 10, &sum, 2);
  EXPECT_EQ(header[10], 0xb8);
  EXPECT_EQ(header[11], 0x61);
  EXPECT_TRUE(header_checksum_holds(header.data(), 20));
}

TEST(Checksum, AgreesWithTheReferenceOnEveryHeaderLength) {
  std::mt19937 random(1071);
  for (int round = 0; round < 20000; ++round) {
    std::array<std::uint8_t, 60> header{};
    const std::uint32_t length = static_cast<std::uint32_t>(20 + 4 * (random() % 11));
    for (auto& byte : header) byte = round % 7 == 0 ? 0xff : static_cast<std::uint8_t>(random());
    const std::uint16_t sum = fold_sum(sum_of_bytes(header.data(), length));
    EXPECT_EQ(__builtin_bswap16(sum), reference_sum(header.data(), length));
    header[10] = header[11] = 0;
    const std::uint16_t checksum = header_checksum(header.data(), length);
    std::memcpy(header.data() + 10, &checksum, 2);
    EXPECT_TRUE(header_checksum_holds(header.data(), length));
    header[length - 1] = static_cast<std::uint8_t>(header[length - 1] ^ 0x10U);
    EXPECT_FALSE(header_checksum_holds(header.data(), length));
  }
}

TEST(Checksum, HoldsForTheSumsThatFoldToOnes) {
  EXPECT_FALSE(folds_to_ones(0));
  std::mt19937_64 random(65535);
  for (std::uint64_t small = 1; small < 200'000; ++small) {
    ASSERT_EQ(folds_to_ones(small), fold_sum(small) == 0xffffU) << small;
    const std::uint64_t high = random() >> 16U;  // what a header of any length may add up to, and more
    ASSERT_EQ(folds_to_ones(high + small), fold_sum(high + small) == 0xffffU) << high + small;
    const std::uint64_t multiple = high / 0xffffU * 0xffffU;
    ASSERT_EQ(folds_to_ones(multiple), multiple != 0) << multiple;
  }
}

TEST(Checksum, AnOddLastByteCountsAsIfAZeroFollowed) {
  const std::array<std::uint8_t, 6> bytes{1, 2, 3, 4, 5, 0};
  for (std::uint32_t length = 0; length < 6; length += 1) {
    std::array<std::uint8_t, 6> padded{};
    std::memcpy(padded.data(), bytes.data(), length);
    EXPECT_EQ(fold_sum(sum_of_bytes(bytes.data(), length)), fold_sum(sum_of_bytes(padded.data(), 6))) << length;
  }
}

// RFC 1624: what is updated is what would have been computed.
TEST(Checksum, UpdatedIsAsComputedAnew) {
  std::mt19937 random(1624);
  for (int round = 0; round < 20000; ++round) {
    std::array<std::uint8_t, 40> bytes{};
    for (auto& byte : bytes) byte = round % 5 == 0 ? 0xff : static_cast<std::uint8_t>(random());
    bytes[0] = bytes[1] = 0;
    const std::uint16_t before = header_checksum(bytes.data(), 40);
    const std::uint64_t old_sum = sum_of_bytes(bytes.data() + 8, 16);
    for (std::size_t i = 8; i < 24; ++i) bytes[i] = static_cast<std::uint8_t>(random());
    const std::uint64_t new_sum = sum_of_bytes(bytes.data() + 8, 16);
    EXPECT_EQ(updated_checksum(before, old_sum, new_sum), header_checksum(bytes.data(), 40));
  }
}

}  // namespace
}  // namespace guideway
