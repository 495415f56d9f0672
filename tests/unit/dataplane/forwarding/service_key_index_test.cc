// SPDX-License-Identifier: Apache-2.0
// Keys hash by products, not by anything keyed: how long the walks of such key sets are as operators have, which are
// anything but random. A stranger's packets choose what is looked for, so what counts is the longest walk there is.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "dataplane/forwarding/service_table.hh"
#include "dataplane/net/address.hh"
#include "dataplane/net/endian.hh"

namespace guideway {
namespace {

constexpr std::uint8_t protocol_tcp = 6;
constexpr std::uint8_t protocol_udp = 17;

gw_service_key key_of(const std::uint8_t (&address)[16], std::uint8_t family, std::uint32_t port,
                      std::uint8_t protocol = protocol_tcp) {
  gw_service_key key{};
  std::copy(std::begin(address), std::end(address), key.address);
  key.port_be16 = be16(static_cast<std::uint16_t>(port)).raw();
  key.protocol = protocol;
  key.family = family;
  key.prefix_bits = gw_address_bits(family);
  return key;
}

gw_service_key ipv4_key(std::uint32_t address, std::uint32_t port, std::uint8_t protocol = protocol_tcp) {
  std::uint8_t bytes[16] = {};
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
  return key_of(bytes, GW_FAMILY_IPV4, port, protocol);
}

// 2001:db8::, with a subnet in bytes 4 to 7 and a host in the last four.
gw_service_key ipv6_key(std::uint32_t subnet, std::uint32_t host, std::uint32_t port) {
  std::uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8};
  for (int i = 0; i < 4; ++i) {
    bytes[4 + i] = static_cast<std::uint8_t>(subnet >> (24 - 8 * i));
    bytes[12 + i] = static_cast<std::uint8_t>(host >> (24 - 8 * i));
  }
  return key_of(bytes, GW_FAMILY_IPV6, port);
}

struct KeySet {
  std::string name;
  std::function<gw_service_key(std::uint32_t)> key;  // the i-th; all are different
};

std::vector<KeySet> realistic_sets() {
  static constexpr std::uint32_t usual_ports[] = {80, 443, 8080, 8443};
  return {
      {"addresses in a row on one port", [](std::uint32_t i) { return ipv4_key(0xc0000200 + i, 80); }},
      {"the same from the end of a network", [](std::uint32_t i) { return ipv4_key(0x0afffff0 + i, 443); }},
      {"one address in each /24", [](std::uint32_t i) { return ipv4_key(0x0a000001 + (i << 8U), 443); }},
      {"one address in each /16, then the next", [](std::uint32_t i) { return ipv4_key((i << 16U) + (i >> 16U), 80); }},
      {"every fourth address", [](std::uint32_t i) { return ipv4_key(0xc6120000 + 4 * i, 443); }},
      {"one address, ports in a row", [](std::uint32_t i) { return ipv4_key(0xc0000201, 1 + i); }},
      {"one address, high ports in a row", [](std::uint32_t i) { return ipv4_key(0xc0000201, 30000 + i); }},
      {"one address, every third port", [](std::uint32_t i) { return ipv4_key(0xc0000201, 10000 + 3 * i); }},
      {"four ports of each address", [](std::uint32_t i) { return ipv4_key(0xc6120000 + i / 4, usual_ports[i % 4]); }},
      {"a hundred ports of each address",
       [](std::uint32_t i) { return ipv4_key(0xc6120000 + i / 100, 9000 + i % 100); }},
      {"TCP and UDP",
       [](std::uint32_t i) { return ipv4_key(0xc6120000 + i / 2, 53, i % 2 == 0 ? protocol_tcp : protocol_udp); }},
      {"IPv4 and IPv6 of each service",
       [](std::uint32_t i) { return i % 2 == 0 ? ipv4_key(0xc6120000 + i / 2, 80) : ipv6_key(0, i / 2, 80); }},
      {"IPv6 addresses in a row", [](std::uint32_t i) { return ipv6_key(0, 1 + i, 443); }},
      {"an IPv6 address in each /64", [](std::uint32_t i) { return ipv6_key(i, 1, 443); }},
      {"an IPv6 address in each /48", [](std::uint32_t i) { return ipv6_key(i << 16U, 1, 443); }},
      {"one IPv6 address, ports in a row", [](std::uint32_t i) { return ipv6_key(0, 1, 1 + i); }},
  };
}

ServiceKeyIndex index_of(const KeySet& set, std::uint32_t count) {
  std::vector<gw_service_key> keys;
  keys.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) keys.push_back(set.key(i));
  return ServiceKeyIndex(keys);
}

// Just below a quarter full, where walks are longest, and sizes in between. (One address has no more ports than that.)
constexpr std::uint32_t sizes[] = {63, 100, 1000, 1023, 4095, 10'000, 16'383};

// The longest run of random keys at a quarter full is log(cells) / 0.64 on the average: 9 of 63 keys, 17 of 16,383.
// What is not much worse than that spreads like chance, or better.
std::uint32_t bearable_walk(std::uint32_t count) { return 8 + static_cast<std::uint32_t>(std::bit_width(count)); }

TEST(ServiceKeyIndex, WalksOfRealisticKeysAreAsShortAsOfRandomOnes) {
  for (const KeySet& set : realistic_sets()) {
    for (const std::uint32_t count : sizes)
      EXPECT_LE(index_of(set, count).longest_walk(), bearable_walk(count)) << count << " keys: " << set.name;
  }
}

TEST(ServiceKeyIndex, WalksOfRandomKeys) {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> numbers(16'383);
  std::generate(numbers.begin(), numbers.end(), std::ref(random));
  const KeySet set{"random", [&](std::uint32_t i) {
                     return ipv4_key(static_cast<std::uint32_t>(numbers[i]),
                                     static_cast<std::uint32_t>(numbers[i] >> 32U) & 0xffffU);
                   }};
  for (const std::uint32_t count : sizes) EXPECT_LE(index_of(set, count).longest_walk(), bearable_walk(count)) << count;
}

TEST(ServiceKeyIndex, LongestWalkCountsCellsOfOneRun) {
  EXPECT_EQ(ServiceKeyIndex({}).longest_walk(), 1U);
  const std::vector<gw_service_key> one{ipv4_key(1, 1)};
  EXPECT_EQ(ServiceKeyIndex(one).longest_walk(), 2U);
  // Keys that begin at the same of 32 cells: a run as long as they are many, round the end or not.
  for (std::uint64_t cell = 0; cell < 32; ++cell) {
    std::vector<gw_service_key> same;
    for (std::uint32_t port = 1; same.size() < 5; ++port) {
      const gw_service_key key = ipv4_key(0xc0000201, port);
      if (ServiceKeyWords::of(key).hash() >> 59U == cell) same.push_back(key);
    }
    const ServiceKeyIndex index(same);
    EXPECT_EQ(index.longest_walk(), 6U);
    for (std::uint32_t i = 0; i < same.size(); ++i) EXPECT_EQ(index.find(same[i]), i);
  }
}

TEST(ServiceKeyIndex, AKeyIsAddedOnce) {
  ServiceKeyIndex index(64);
  for (std::uint32_t i = 0; i < 64; ++i) {
    EXPECT_TRUE(index.add(ServiceKeyWords::of(ipv4_key(0xc0000201, 1 + i))));
    for (std::uint32_t again = 0; again <= i; ++again)
      EXPECT_FALSE(index.add(ServiceKeyWords::of(ipv4_key(0xc0000201, 1 + again)))) << i << ' ' << again;
  }
  for (std::uint32_t i = 0; i < 64; ++i) EXPECT_EQ(index.find(ipv4_key(0xc0000201, 1 + i)), i);
  EXPECT_FALSE(index.holds(ipv4_key(0xc0000201, 65)));
}

}  // namespace
}  // namespace guideway
