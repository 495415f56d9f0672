// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <type_traits>

#include "tests/unit/ebpf/abi/every_header.h"

extern "C" __u64 c_hash_flow(const gw_hash_key* key, const gw_flow_key* flow);
extern "C" __u32 c_noise(__u32 slot);

namespace {

// No hidden padding in anything that is compared, hashed or sent as bytes.
static_assert(std::has_unique_object_representations_v<gw_service> &&
              std::has_unique_object_representations_v<gw_backend> &&
              std::has_unique_object_representations_v<gw_flow_key> &&
              std::has_unique_object_representations_v<gw_slot> &&
              std::has_unique_object_representations_v<gw_snapshot_header> &&
              std::has_unique_object_representations_v<gw_table_header> &&
              std::has_unique_object_representations_v<gw_flow_entry> &&
              std::has_unique_object_representations_v<gw_worker_counters> &&
              std::has_unique_object_representations_v<gw_counters_header>);

TEST(Abi, CAndCppHashAlike) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10000; ++i) {
    gw_hash_key key{random(), random()};
    gw_flow_key flow{};
    for (auto& byte : flow.source) byte = static_cast<__u8>(random());
    flow.source_port_be16 = static_cast<__be16>(random());
    flow.family = i % 2 == 0 ? 4 : 6;
    flow.protocol = 6;
    ASSERT_EQ(gw_hash_flow(&key, &flow), c_hash_flow(&key, &flow));
    ASSERT_EQ(gw_slot_noise(static_cast<__u32>(i)), c_noise(static_cast<__u32>(i)));
  }
}

TEST(Abi, EveryPartOfTheKeyCounts) {
  const gw_hash_key key{1, 2};
  gw_flow_key flow{};
  flow.family = 6;
  flow.protocol = 6;
  const __u64 before = gw_hash_flow(&key, &flow);
  const auto changed = [&](auto change) {
    gw_flow_key other = flow;
    change(other);
    return gw_hash_flow(&key, &other) != before;
  };
  for (int i = 0; i < 16; ++i) {
    EXPECT_TRUE(changed([i](auto& f) { f.source[i] = 1; }));
    EXPECT_TRUE(changed([i](auto& f) { f.destination[i] = 1; }));
  }
  EXPECT_TRUE(changed([](auto& f) { f.source_port_be16 = 1; }));
  EXPECT_TRUE(changed([](auto& f) { f.destination_port_be16 = 1; }));
  EXPECT_TRUE(changed([](auto& f) { f.protocol = 17; }));
  EXPECT_TRUE(changed([](auto& f) { f.family = 4; }));
}

TEST(Abi, HealthWordCarriesWhatIsPutIn) {
  const __u64 word = gw_health_word(0x1234, GW_HEALTH_DRAINING, GW_REASON_REMOVED, 0xdeadbeef);
  EXPECT_EQ(gw_health_share(word), 0x1234U);
  EXPECT_EQ(gw_health_state_of(word), static_cast<__u32>(GW_HEALTH_DRAINING));
  EXPECT_EQ(gw_health_reason_of(word), static_cast<__u32>(GW_REASON_REMOVED));
  EXPECT_EQ(gw_health_generation(word), 0xdeadbeefU);
  EXPECT_TRUE(gw_health_is_alive(word));
  EXPECT_FALSE(gw_health_is_plain(word));
  EXPECT_TRUE(gw_health_is_plain(gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_SLOW_START, 7)));
  EXPECT_FALSE(gw_health_is_plain(gw_health_word(GW_SHARE_FULL - 1, GW_HEALTH_UP, 0, 7)));
  EXPECT_FALSE(gw_health_is_alive(0)) << "memory that nobody wrote names no living backend";
}

TEST(Abi, ScaleCoversEverySlotEvenly) {
  std::mt19937_64 random(2);
  for (const __u32 slots : {GW_TABLE_SLOTS_MIN, GW_TABLE_SLOTS_DEFAULT, GW_TABLE_SLOTS_MAX}) {
    EXPECT_EQ(gw_scale(0, slots), 0U);
    EXPECT_EQ(gw_scale(~0ULL, slots), slots - 1);
  }
  std::array<int, 251> counts{};
  for (int i = 0; i < 251'000; ++i) ++counts[gw_scale(random(), 251)];
  for (const int count : counts) EXPECT_NEAR(count, 1000, 170);
}

}  // namespace
