// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/access_lists.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "dataplane/net/address.hh"
#include "ebpf/abi/source.h"

namespace guideway {
namespace {

gw_access_prefix prefix(std::uint32_t list, const char* address, std::uint8_t bits, bool allows) {
  const IpAddress parsed = *IpAddress::parse(address);
  gw_access_prefix row{};
  std::copy(parsed.bytes.begin(), parsed.bytes.end(), row.address);
  row.list = list;
  row.family = static_cast<std::uint8_t>(parsed.family);
  row.bits = bits;
  row.allows = allows ? 1 : 0;
  return row;
}

gw_flow_key from(const char* address) {
  const IpAddress parsed = *IpAddress::parse(address);
  gw_flow_key flow{};
  std::copy(parsed.bytes.begin(), parsed.bytes.end(), flow.source);
  flow.family = static_cast<std::uint8_t>(parsed.family);
  return flow;
}

TEST(AccessLists, TheLongestPrefixDecides) {
  const AccessLists lists(std::vector{prefix(1, "10.0.0.0", 8, true), prefix(1, "10.6.0.0", 16, false),
                                      prefix(1, "10.6.6.0", 24, true), prefix(2, "10.0.0.0", 8, false)});
  EXPECT_TRUE(lists.allows(1, from("10.5.255.255"), true));
  EXPECT_FALSE(lists.allows(1, from("10.6.0.0"), true));
  EXPECT_FALSE(lists.allows(1, from("10.6.5.255"), true));
  EXPECT_TRUE(lists.allows(1, from("10.6.6.0"), true));
  EXPECT_TRUE(lists.allows(1, from("10.6.6.255"), true));
  EXPECT_FALSE(lists.allows(1, from("10.6.7.0"), true));
  EXPECT_TRUE(lists.allows(1, from("10.7.0.0"), true));
  EXPECT_TRUE(lists.allows(1, from("10.255.255.255"), true));
  EXPECT_FALSE(lists.allows(1, from("11.0.0.0"), true));
  EXPECT_TRUE(lists.allows(1, from("11.0.0.0"), false));
  EXPECT_FALSE(lists.allows(2, from("10.6.6.0"), false));
}

TEST(AccessLists, AListWithoutAFamilyHasOnlyItsDefault) {
  const AccessLists lists(std::vector{prefix(1, "10.0.0.0", 8, false)});
  EXPECT_TRUE(lists.allows(1, from("2001:db8::1"), false));
  EXPECT_FALSE(lists.allows(1, from("2001:db8::1"), true));
  EXPECT_TRUE(AccessLists().allows(7, from("10.0.0.1"), false));
}

TEST(AccessLists, EverythingAndTheLastAddressOfAll) {
  const AccessLists lists(std::vector{prefix(1, "::", 0, false), prefix(1, "0.0.0.0", 0, false),
                                      prefix(1, "255.255.255.255", 32, true),
                                      prefix(1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128, true)});
  EXPECT_TRUE(lists.allows(1, from("255.255.255.255"), false));
  EXPECT_FALSE(lists.allows(1, from("255.255.255.254"), true));
  EXPECT_TRUE(lists.allows(1, from("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), false));
  EXPECT_FALSE(lists.allows(1, from("::"), true));
}

// Against the definition, over thousands of nested prefixes.
TEST(AccessLists, AgreesWithTryingEveryPrefix) {
  std::mt19937 random(7);
  std::vector<gw_access_prefix> rows;
  const auto masked_row = [&random](std::uint8_t family, std::uint8_t bits) {
    gw_access_prefix row{};
    row.list = 1;
    row.family = family;
    row.bits = bits;
    row.allows = random() % 2;
    for (std::size_t i = 0; i < (family == GW_FAMILY_IPV4 ? 4U : 16U); ++i)
      row.address[i] = static_cast<__u8>(random() % 4);  // few values: many nest
    const gw_source masked = gw_mask_source(row.address, family, bits);
    std::memcpy(row.address, masked.words, sizeof row.address);
    return row;
  };
  const auto is_new = [&rows](const gw_access_prefix& row) {
    return std::none_of(rows.begin(), rows.end(), [&row](const gw_access_prefix& other) {
      return other.family == row.family && other.bits == row.bits &&
             std::memcmp(other.address, row.address, sizeof row.address) == 0;
    });
  };
  for (int i = 0; i < 3000; ++i) {
    const bool ipv4 = random() % 2 == 0;
    const auto row = masked_row(ipv4 ? 4 : 6, static_cast<std::uint8_t>(random() % (ipv4 ? 33 : 129)));
    if (is_new(row)) rows.push_back(row);
  }
  const AccessLists lists(rows);
  for (int i = 0; i < 20000; ++i) {
    gw_flow_key flow{};
    flow.family = random() % 2 == 0 ? 4 : 6;
    for (std::size_t at = 0; at < (flow.family == 4 ? 4U : 16U); ++at)
      flow.source[at] = static_cast<__u8>(random() % 4);
    const bool denies_by_default = random() % 2 == 0;
    bool expected = !denies_by_default;
    int longest = -1;
    for (const gw_access_prefix& row : rows) {
      const gw_source masked = gw_mask_source(flow.source, flow.family, row.bits);
      if (row.family != flow.family || row.bits <= longest) continue;
      if (std::memcmp(masked.words, row.address, sizeof row.address) != 0) continue;
      longest = row.bits;
      expected = row.allows != 0;
    }
    ASSERT_EQ(lists.allows(1, flow, denies_by_default), expected);
  }
}

}  // namespace
}  // namespace guideway
