// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/core_plan.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

using Cores = std::vector<unsigned>;

void expect_plan(const char* why, const CoreWishes& wishes, const Cores& available, unsigned main_core,
                 const Cores& worker_cores) {
  SCOPED_TRACE(why);
  const auto plan = plan_cores(wishes, available);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->main_core, main_core);
  EXPECT_EQ(plan->worker_cores, worker_cores);
}

TEST(CorePlan, GivesEveryWorkerACoreAndHousekeepingWhatIsLeft) {
  expect_plan("one core is shared", {1, {}, {}}, {0}, 0, {0});
  expect_plan("the first of two is left to housekeeping", {1, {}, {}}, {0, 1}, 0, {1});
  expect_plan("two workers take both, housekeeping shares", {2, {}, {}}, {0, 1}, 0, {0, 1});
  expect_plan("the last cores work", {2, {}, {}}, {0, 1, 2, 3}, 0, {2, 3});
  expect_plan("only what the process may use", {1, {}, {}}, {5, 7}, 5, {7});
  expect_plan("cores as asked, in the order asked", {2, {3, 1}, {}}, {0, 1, 2, 3}, 0, {3, 1});
  expect_plan("main core as asked, workers around it", {2, {}, 3}, {0, 1, 2, 3}, 3, {1, 2});
  expect_plan("main core on a worker's if asked", {1, {2}, 2}, {0, 1, 2, 3}, 2, {2});
  expect_plan("no room but the main core", {2, {}, 1}, {0, 1}, 1, {0, 1});
}

TEST(CorePlan, SaysWhyNot) {
  const auto why = [](const CoreWishes& wishes, const Cores& available) {
    const auto plan = plan_cores(wishes, available);
    return plan ? std::string("planned") : plan.error().message;
  };
  EXPECT_EQ(why({3, {}, {}}, {0, 1}), "3 workers need a core each, this process may use 2 (0,1): lower --workers");
  EXPECT_NE(why({1, {9}, {}}, {0, 1}).find("core 9 is not among"), std::string::npos);
  EXPECT_NE(why({1, {}, 9}, {0, 1}).find("core 9 is not among"), std::string::npos);
  EXPECT_NE(why({2, {1, 1}, {}}, {0, 1}).find("names core 1 twice"), std::string::npos);
  EXPECT_NE(why({2, {1}, {}}, {0, 1}).find("names 1 cores for 2 workers"), std::string::npos);
}

TEST(CorePlan, ReadsLists) {
  EXPECT_EQ(*parse_core_list("1"), (Cores{1}));
  EXPECT_EQ(*parse_core_list("1,3-5"), (Cores{1, 3, 4, 5}));
  EXPECT_EQ(*parse_core_list("7,2"), (Cores{7, 2}));
  for (const char* wrong : {"", ",", "1,", "a", "1-", "-1", "5-3", "1 2", "99999999999", "1024"})
    EXPECT_FALSE(parse_core_list(wrong)) << wrong;
}

TEST(CorePlan, ThisProcessMayUseSomeCore) { EXPECT_FALSE(available_cores().empty()); }

}  // namespace
}  // namespace guideway
