// SPDX-License-Identifier: Apache-2.0
#include "controlplane/replay/health_events.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace guideway {
namespace {

class HealthEventsTest : public testing::Test {
 protected:
  void SetUp() override {
    Config config;
    PoolConfig pool;
    pool.name = "web";
    BackendConfig backend;
    backend.name = "b1";
    backend.address = *IpAddress::parse("10.0.0.1");
    pool.backends = {backend};
    config.pools = {pool};
    ASSERT_TRUE(ledger_.adopt(config, {}, 0));
  }
  void TearDown() override { std::remove(path_.c_str()); }
  [[nodiscard]] Result<std::vector<HealthEvent>> read(const std::string& text) const {
    std::ofstream(path_) << text;
    return read_health_events(path_, ledger_);
  }

  Ledger ledger_{Capacities{}};
  std::string path_ = testing::TempDir() + "guideway-health-events-" + std::to_string(::getpid());
};

TEST_F(HealthEventsTest, ReadsStatesSharesAndComments) {
  const auto events = read("# comment\n\n0.5 set web b1 down\n1 set web b1 up share 32768\n1 set web b1 draining\n");
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 3U);
  EXPECT_EQ(gw_health_state_of((*events)[0].word), static_cast<__u32>(GW_HEALTH_DOWN));
  EXPECT_EQ(gw_health_share((*events)[1].word), 32768U);
  EXPECT_EQ(gw_health_generation((*events)[1].word), 1U) << "flows must not think that the index changed hands";
  EXPECT_EQ(gw_health_state_of((*events)[2].word), static_cast<__u32>(GW_HEALTH_DRAINING));
  EXPECT_DOUBLE_EQ((*events)[0].at_seconds, 0.5);
}

TEST_F(HealthEventsTest, RefusesWithFileAndLine) {
  for (const char* line :
       {"x set web b1 up", "1 put web b1 up", "1 set web b1 sideways", "1 set web b2 up", "1 set other b1 up",
        "1 set web b1 up share 65536", "1 set web b1 up weight 3", "1 set web b1"}) {
    const auto events = read(std::string("# first\n") + line + "\n");
    ASSERT_FALSE(events) << line;
    EXPECT_EQ(events.error().message.rfind(path_ + ":2: ", 0), 0U) << events.error().message;
  }
  EXPECT_FALSE(read("2 set web b1 up\n1 set web b1 down\n")) << "time runs forward";
  EXPECT_FALSE(read_health_events(path_ + "-absent", ledger_));
}

}  // namespace
}  // namespace guideway
