// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/flow_hash.hh"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace guideway {
namespace {

gw_flow_key any_flow(std::mt19937_64& random, std::uint8_t family) {
  gw_flow_key flow{};
  flow.family = family;
  flow.protocol = random() % 2 == 0 ? 6 : 17;
  for (std::size_t i = 0; i < (family == GW_FAMILY_IPV4 ? 4U : 16U); ++i) {
    flow.source[i] = static_cast<__u8>(random());
    flow.destination[i] = static_cast<__u8>(random());
  }
  flow.source_port_be16 = static_cast<__be16>(random());
  flow.destination_port_be16 = static_cast<__be16>(random());
  return flow;
}

// Every version, every number of flows, against the definition that all datapaths share.
TEST(FlowHash, EveryVersionGivesTheHashOfTheAbi) {
  std::mt19937_64 random(13);
  for (const HashVersion& version : hash_versions()) {
    if (!version.is_supported) {
      std::cout << "this processor has no " << version.name << "\n";
      continue;
    }
    const auto lanes = std::make_unique<FlowLanes>();
    for (std::uint32_t round = 0; round < 2000; ++round) {
      const gw_hash_key key{random(), random()};
      const std::uint8_t family = round % 2 == 0 ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
      const std::uint32_t count = 1 + round / 2 % flows_hashed_max;
      std::vector<gw_flow_key> flows;
      for (std::uint32_t lane = 0; lane < count; ++lane) {
        flows.push_back(any_flow(random, family));
        put_flow(*lanes, lane, flows.back());
      }
      version.hash(key, *lanes, count, family);
      for (std::uint32_t lane = 0; lane < count; ++lane)
        ASSERT_EQ(lanes->hashes[lane], gw_hash_flow(&key, &flows[lane])) << version.name << " lane " << lane;
    }
  }
}

TEST(FlowHash, ThereIsAlwaysOne) {
  ASSERT_FALSE(hash_versions().empty());
  EXPECT_TRUE(hash_versions().front().is_supported);
  EXPECT_NE(best_hash(), nullptr);
}

}  // namespace
}  // namespace guideway
