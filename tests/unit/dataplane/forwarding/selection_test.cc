// SPDX-License-Identifier: Apache-2.0
// With one of N backends down, no flow of another backend moves: over every slot, for every backend.
#include "dataplane/forwarding/selection.hh"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/maglev/build.hh"

namespace guideway {
namespace {

constexpr std::uint32_t pool_slot_count = 65537;

struct Pool {
  explicit Pool(std::uint32_t backends) : words(backends, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, 0, 1)) {
    std::vector<std::string> names;
    std::vector<MaglevMember> members;
    for (std::uint32_t i = 0; i < backends; ++i) names.push_back("backend-" + std::to_string(i));
    for (const std::string& name : names) members.push_back({name, 1});
    for (const std::uint32_t owner : build_maglev(members, pool_slot_count)) slots.push_back({owner, owner});
    service.slots = slots.data();
    service.slot_count = pool_slot_count;
  }
  [[nodiscard]] HealthTable health() { return HealthTable(words); }

  std::vector<std::uint64_t> words;
  std::vector<gw_slot> slots;
  Service service;
};

// The smallest hash whose slot this is.
std::uint64_t hash_of_slot(std::uint32_t slot) {
  return (((std::uint64_t{slot} << 32U) + pool_slot_count - 1) / pool_slot_count) << 32U;
}

class OneBackendDown : public testing::TestWithParam<std::uint32_t> {};

TEST_P(OneBackendDown, MovesItsOwnSlotsOnly) {
  Pool pool(GetParam());
  const HealthTable health = pool.health();
  for (std::uint32_t down = 0; down < GetParam(); ++down) {
    health.store(down, gw_health_word(0, GW_HEALTH_DOWN, GW_REASON_CHECK_FAILED, 1));
    std::uint32_t moved = 0;
    for (std::uint32_t slot = 0; slot < pool_slot_count; ++slot) {
      ASSERT_EQ(gw_scale(hash_of_slot(slot), pool_slot_count), slot);
      const auto selection = select_accepting(pool.service, health, hash_of_slot(slot), slot);
      ASSERT_TRUE(selection);
      ASSERT_NE(selection->backend, down);
      if (pool.slots[slot].current_backend == down) {
        ++moved;
      } else {
        ASSERT_EQ(selection->backend, pool.slots[slot].current_backend);
      }
    }
    ASSERT_NEAR(moved, pool_slot_count / GetParam(), 1);
    health.store(down, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, 0, 1));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, OneBackendDown, testing::Values(3U, 10U, 100U, 1000U));

TEST(Selection, SharesTakeThatPartOfTheirOwnSlots) {
  Pool pool(10);
  const HealthTable health = pool.health();
  for (const std::uint32_t share : {0U, 6553U, 32768U, 58982U, 65535U}) {
    health.store(4, gw_health_word(share, GW_HEALTH_UP, 0, 1));
    std::uint32_t kept = 0;
    std::uint32_t own = 0;
    for (std::uint32_t slot = 0; slot < pool_slot_count; ++slot) {
      if (pool.slots[slot].current_backend != 4) continue;
      ++own;
      kept += select_accepting(pool.service, health, hash_of_slot(slot), slot)->slot == slot ? 1 : 0;
    }
    EXPECT_NEAR(kept, own * (share / 65535.0), own * 0.02) << "share " << share;
  }
}

TEST(Selection, GrowingShareOnlyAddsSlots) {
  for (std::uint32_t slot = 0; slot < pool_slot_count; ++slot) {
    bool accepted = false;
    for (std::uint32_t share = 0; share <= GW_SHARE_FULL; share += 1285) {
      const bool now = gw_slot_accepts(gw_health_word(share, GW_HEALTH_UP, 0, 0), slot) != 0;
      ASSERT_TRUE(now || !accepted);
      accepted = now;
    }
    ASSERT_TRUE(accepted) << "full share accepts every slot";
  }
}

TEST(Selection, NobodyAccepts) {
  Pool pool(3);
  const HealthTable health = pool.health();
  for (std::uint32_t i = 0; i < 3; ++i) health.store(i, gw_health_word(0, GW_HEALTH_DOWN, 0, 1));
  EXPECT_FALSE(select_accepting(pool.service, health, 12345, 17));
  for (gw_slot& slot : pool.slots) slot = {GW_NO_BACKEND, GW_NO_BACKEND};
  EXPECT_FALSE(select_accepting(pool.service, health, 12345, pool_slot_count - 1));
}

TEST(Selection, TheLastOfAHundredIsFound) {
  Pool pool(100);
  const HealthTable health = pool.health();
  for (std::uint32_t i = 0; i < 99; ++i) health.store(i, gw_health_word(0, GW_HEALTH_DOWN, 0, 1));
  std::uint32_t missed = 0;
  for (std::uint32_t slot = 0; slot < pool_slot_count; ++slot) {
    const auto selection = select_accepting(pool.service, health, hash_of_slot(slot), slot);
    missed += selection ? 0 : 1;
    if (selection) {
      ASSERT_EQ(selection->backend, 99U);
    }
  }
  // 264 tries at 1 % each miss with probability 0.99^264 = 7 %; a service that far gone drops the rest by policy.
  EXPECT_LT(missed, pool_slot_count / 10);
}

TEST(Selection, SurvivorsShareAlike) {
  Pool pool(100);
  const HealthTable health = pool.health();
  for (std::uint32_t i = 0; i < 10; ++i) health.store(i, gw_health_word(0, GW_HEALTH_DOWN, 0, 1));
  std::vector<std::uint32_t> counts(100);
  for (std::uint32_t slot = 0; slot < pool_slot_count; ++slot)
    ++counts[select_accepting(pool.service, health, hash_of_slot(slot), slot)->backend];
  for (std::uint32_t i = 10; i < 100; ++i)
    EXPECT_NEAR(counts[i], pool_slot_count / 90.0, pool_slot_count / 90.0 * 0.06);
}

}  // namespace
}  // namespace guideway
