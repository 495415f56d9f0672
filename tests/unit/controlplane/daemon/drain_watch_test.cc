// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/drain_watch.hh"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controlplane/daemon/observe_drain.hh"

namespace guideway {
namespace {

TEST(DrainWatch, IsQuietSinceTheLastPacket) {
  DrainWatch watch;
  EXPECT_EQ(watch.quiet_ms(1, 0), std::nullopt);
  watch.update({{1, 100}}, 1000);
  EXPECT_EQ(watch.quiet_ms(1, 1500), 500) << "nothing is known of before";
  watch.update({{1, 100}}, 2000);
  EXPECT_EQ(watch.quiet_ms(1, 3000), 2000);
  watch.update({{1, 101}}, 4000);
  EXPECT_EQ(watch.quiet_ms(1, 4000), 0);
  watch.update({{1, 101}}, 9000);
  EXPECT_EQ(watch.quiet_ms(1, 9000), 5000);
}

TEST(DrainWatch, ForgetsWhoDrainsNoMore) {
  DrainWatch watch;
  watch.update({{1, 100}, {2, 7}}, 0);
  watch.update({{2, 7}}, 1000);
  EXPECT_EQ(watch.quiet_ms(1, 1000), std::nullopt);
  watch.update({{1, 100}, {2, 7}}, 5000);
  EXPECT_EQ(watch.quiet_ms(1, 6000), 1000) << "a new drain begins anew";
  EXPECT_EQ(watch.quiet_ms(2, 6000), 6000);
}

TEST(DrainWatch, IsShownWithTheEnd) {
  DrainWatch watch;
  watch.update({{1, 100}}, 0);
  const BackendKey key{"web", "b1"};
  EXPECT_EQ(drain_json(watch, {}, key, 1, {700, 50'000}),
            nlohmann::json::parse(R"({"quiet_ms": 700, "ends_in_ms": null, "then": null})"));
  const std::vector<Edit> edits{BackendState{"web", "b2", Administrative::draining, {0, 99'000, false}},
                                BackendState{"web", "b1", Administrative::draining, {0, 60'000, true}}};
  EXPECT_EQ(drain_json(watch, edits, key, 1, {700, 50'000}),
            nlohmann::json::parse(R"({"quiet_ms": 700, "ends_in_ms": 10000, "then": "removed"})"));
  EXPECT_EQ(drain_json(watch, edits, key, 5, {700, 50'000})["quiet_ms"], nullptr);
}

}  // namespace
}  // namespace guideway
