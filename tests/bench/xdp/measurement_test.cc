// SPDX-License-Identifier: Apache-2.0
// The bench works: every row's packets really go where the row says, and if they do not, it says so. Times are not
// judged. Skipped where BPF is refused.
#include "tests/bench/xdp/measurement.hh"

#include <gtest/gtest.h>

namespace guideway::bench {
namespace {

class Bench : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto program = make_bed({.services_max = 16, .backends_max = 1024, .flows_max = 8192});
    if (!program) {
      why_not_ = program.error().message;
      return;
    }
    program_ = std::move(*program);
    auto driver = Driver::load();
    ASSERT_TRUE(driver) << driver.error().message;
    driver_ = std::move(*driver);
  }
  static void TearDownTestSuite() {
    program_.reset();
    driver_.reset();
  }
  void SetUp() override {
    if (why_not_.find("refuses BPF") != std::string::npos) GTEST_SKIP() << why_not_;
    ASSERT_TRUE(program_ && driver_) << why_not_;
    set_health(GW_HEALTH_UP);
  }

  void set_health(std::uint32_t state) const {
    for (std::uint32_t i = 0; i < program_->health().size(); ++i) {
      const std::uint32_t generation = gw_health_generation(program_->health().load(i));
      program_->health().store(i, gw_health_word(GW_SHARE_FULL, state, 0, generation));
    }
  }
  std::string failure_of_first_row() {
    const auto measured = measure(*driver_, *program_, rows(1)[0], tiny);
    return measured ? "" : measured.error().message;
  }

  static constexpr Effort tiny{.rounds = 1, .packets = 4096};
  static inline std::unique_ptr<XdpProgram> program_;
  static inline std::unique_ptr<Driver> driver_;
  static inline std::string why_not_;
};

TEST_F(Bench, FlowsAreSpreadOverAllBackends) {
  Row row = rows(1024)[1];
  ASSERT_EQ(row.flows, 1024U);
  ASSERT_TRUE(measure(*driver_, *program_, row, tiny));
  std::uint32_t used = 0;
  for (std::uint32_t i = 0; i < program_->capacities().backends_max; ++i) {
    std::uint64_t packets = 0;
    for (std::uint32_t worker = 0; worker < program_->worker_count(); ++worker)
      packets += program_->counters(worker).backends[i].packets;
    if (packets != 0) ++used;
  }
  // Of 1,024 flows in 100 places, hardly a place has none.
  EXPECT_GE(used, backends_each - 2);
  EXPECT_LE(used, backends_each);
}

TEST_F(Bench, DroppedPacketsAreAFailure) {
  set_health(GW_HEALTH_DOWN);
  EXPECT_NE(failure_of_first_row().find("packets became something else than action"), std::string::npos)
      << failure_of_first_row();
}

TEST_F(Bench, PacketsThatAreNoPlainOnesAreAFailure) {
  // Draining: each packet is one in mid-flow, keeps its backend and leaves as ever, but is looked up.
  set_health(GW_HEALTH_DRAINING);
  EXPECT_NE(failure_of_first_row().find("asked the flow table"), std::string::npos) << failure_of_first_row();
}

TEST_F(Bench, TheReferenceInsertsAFlowOnceAndTellsIfItLostOne) {
  const Row row = rows(1024)[1];
  ASSERT_TRUE(Reference::serves(row));
  gw_bench_plan plan = plan_of(row);
  plan.is_in_order = 1;
  std::uint64_t inserted[2] = {};
  for (const std::uint32_t room_flows : {65536U, 256U}) {
    const auto reference = Reference::load(room_flows);
    ASSERT_TRUE(reference) << reference.error().message;
    for (std::uint64_t& each : inserted) {
      ASSERT_TRUE(driver_->run((*reference)->program_fd(), plan, row.flows));
      each = (*reference)->flows_inserted();
    }
    EXPECT_EQ(inserted[0], row.flows);
    EXPECT_EQ(inserted[1] > row.flows, room_flows < row.flows) << inserted[1];
  }
}

// Last: it fills the flow table.
TEST_F(Bench, EveryRowLeavesAsItMust) {
  for (const Row& row : rows(1024)) {
    const auto measured = measure(*driver_, *program_, row, tiny);
    ASSERT_TRUE(measured) << measured.error().message;
    EXPECT_GT(measured->program.median, 0.0) << row.name;
    EXPECT_GT(measured->floor_pass.median, 0.0) << row.name;
    EXPECT_EQ(measured->of_reference > 0.0, Reference::serves(row)) << row.name;
  }
}

}  // namespace
}  // namespace guideway::bench
