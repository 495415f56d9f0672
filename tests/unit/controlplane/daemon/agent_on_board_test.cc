// SPDX-License-Identifier: Apache-2.0
// What the probe of an agent heard reaches the health word.
#include <gtest/gtest.h>

#include "controlplane/config/load.hh"
#include "controlplane/daemon/health_board.hh"

namespace guideway {
namespace {

class AgentOnBoard : public testing::Test {
 protected:
  AgentOnBoard() : board_([](const HealthBoard::Entry&, const HealthState&) {}) {
    const auto config = load_config_text(
        "hash_key = \"00112233445566778899aabbccddeeff\"\n[[service]]\nname = \"web\"\naddress = \"192.0.2.1\"\n"
        "port = 80\nbackends = [\"10.0.0.1\"]\ncheck = { type = \"agent\", port = 9000 }\n",
        "conf.toml");
    EXPECT_TRUE(config.has_value()) << text_of(config.error());
    board_.sync({{{"web", "10.0.0.1"}, {0, 1, config->pools.at(0).backends.at(0), false, false}}}, *config, 0);
    board_.set_resolved(0, true, 0);
  }
  HealthState after(const std::string& words) {
    ProbeResult result;
    result.outcome = ProbeOutcome::ok;
    result.agent = *parse_agent_answer(words);
    board_.check_result(0, result, ++now_ms_);
    EXPECT_EQ(HealthState::of_word(board_.word(0)), board_.find(0)->health.state());
    return board_.find(0)->health.state();
  }

  HealthBoard board_;
  std::int64_t now_ms_ = 0;
};

TEST_F(AgentOnBoard, MovesStateAndShare) {
  EXPECT_EQ(after("up"), (HealthState{GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE}));
  EXPECT_EQ(after("50%"), (HealthState{50 * GW_SHARE_FULL / 100, GW_HEALTH_UP, GW_REASON_AGENT}));
  EXPECT_EQ(after("drain"), (HealthState{0, GW_HEALTH_DRAINING, GW_REASON_AGENT}));
  EXPECT_EQ(after("ready"), (HealthState{50 * GW_SHARE_FULL / 100, GW_HEALTH_UP, GW_REASON_AGENT}));
  EXPECT_EQ(after("100% down #disk full"), (HealthState{0, GW_HEALTH_DOWN, GW_REASON_AGENT}));
  EXPECT_EQ(after("up"), (HealthState{GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE}));
  EXPECT_EQ(after("0%").state, GW_HEALTH_DRAINING);
}

}  // namespace
}  // namespace guideway
