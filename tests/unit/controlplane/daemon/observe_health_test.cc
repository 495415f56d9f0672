// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/observe_health.hh"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controlplane/daemon/warnings.hh"
#include "tests/unit/controlplane/daemon/board_of_four.hh"

namespace guideway {
namespace {

nlohmann::json shown(const HealthBoard& board, std::uint32_t index, std::int64_t now_ms) {
  nlohmann::json json;
  add_health(*board.find(index), now_ms, json);
  return json;
}

TEST(ObserveHealth, TheLayersAreApart) {
  BoardOfFour four("");
  four.all_pass(0);
  EXPECT_EQ(shown(four.board, 0, 1)["operational"], "up");
  EXPECT_EQ(shown(four.board, 0, 1)["agent"], nullptr);
  four.config.pools.at(0).backends.at(0).administrative = Administrative::disabled;
  four.sync(1);
  EXPECT_EQ(shown(four.board, 0, 1)["operational"], "up") << "what checks say does not change with an operator's word";
  four.fails(1, 2);
  EXPECT_EQ(shown(four.board, 1, 2)["operational"], "check failed");
}

TEST(ObserveHealth, APoolShowsPanicAndQuorum) {
  BoardOfFour four("panic_percent = 50\nquorum = 3\n");
  four.all_pass(0);
  four.board.tick(100);
  EXPECT_EQ(pool_health_json(four.board.find_pool("web"))["quorum_met"], true);
  for (std::uint32_t index = 0; index < 3; ++index) four.fails(index, 200);
  four.board.tick(300);
  four.board.tick(2000);
  const nlohmann::json pool = pool_health_json(four.board.find_pool("web"));
  EXPECT_EQ(pool["serve"], 1);
  EXPECT_EQ(pool["could_serve"], 4);
  EXPECT_EQ(pool["panic"], true);
  EXPECT_EQ(pool["quorum_met"], false);
  EXPECT_EQ(pool_health_json(nullptr), nullptr);
  EXPECT_EQ(warnings_of_pools(four.board, 2000),
            (std::vector<std::string>{"pool web is in panic: 1 of 4 backends pass their checks, fewer than 50 %, so "
                                      "failed checks are ignored",
                                      "pool web is below its quorum of 3: 1 of 4 backends serve"}));
  EXPECT_NE(health_detail(*four.board.find(0), 2000).find("(panic)"), std::string::npos);
}

TEST(ObserveHealth, OneThatIsHeldSaysHowLong) {
  BoardOfFour four("");
  four.all_pass(0);
  for (int fall = 0; fall < 3; ++fall) {
    four.fails(0, 1000);
    four.passes(0, 2000);
  }
  EXPECT_EQ(shown(four.board, 0, 4000)["held_ms"], 7000);
  EXPECT_EQ(shown(four.board, 0, 4000)["falls"], 3);
  EXPECT_EQ(shown(four.board, 0, 4000)["operational"], "held");
  EXPECT_NE(health_detail(*four.board.find(0), 4000).find("failed 3 times lately: held for another 7 s"),
            std::string::npos);
  EXPECT_EQ(warnings_of_pools(four.board, 4000),
            (std::vector<std::string>{"backends whose checks come and go are held: web/b1 (another 7 s)"}));
}

}  // namespace
}  // namespace guideway
