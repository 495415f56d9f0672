// SPDX-License-Identifier: Apache-2.0
// What replay says and what it refuses; what it decides is judged by tests/cases.
#include "controlplane/replay/replay.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include <nlohmann/json.hpp>

#include "dataplane/ports/pcap_port.hh"

namespace guideway {
namespace {

class ReplayTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.in = base_ + "-in.pcap";
    options_.out = base_ + "-out.pcap";
  }
  void TearDown() override {
    std::remove(options_.in.c_str());
    std::remove(options_.out.c_str());
  }
  const std::string base_ = testing::TempDir() + "guideway-replay-" + std::to_string(::getpid());
  ReplayOptions options_;
};

TEST_F(ReplayTest, AMissingCaptureIsASentence) {
  const auto report = replay(Config{}, options_);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find(options_.in), std::string::npos);
}

TEST_F(ReplayTest, NothingConfiguredSendsEverythingToTheKernel) {
  auto writer = PcapWriter::create(options_.in);
  ASSERT_TRUE(writer);
  const std::vector<std::byte> frame(60, std::byte{0});
  for (std::uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(writer->write(i, frame));
  ASSERT_TRUE(writer->finish());
  const auto report = replay(Config{}, options_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->counters.received_packets, 100U);
  EXPECT_EQ(report->counters.exits[GW_EXIT_KERNEL_NOT_IP], 100U);
  EXPECT_EQ(report->flows, 0U);
}

TEST(Report, TellsTheSameInEveryForm) {
  ReplayReport report;
  report.counters.received_packets = 10;
  report.counters.exits[GW_EXIT_SENT] = 7;
  report.counters.exits[GW_EXIT_DROP_FRAGMENT] = 3;
  report.counters.plain = 7;
  report.flows = 4;
  report.backends["web/b1"] = {7, 4};
  EXPECT_EQ(counters_text(report.counters),
            "received 10\nsent 7\ndrop_fragment 3\nplain 7\nasked 0\nflows_remembered 0\n");
  const auto json = nlohmann::json::parse(report_json(report));
  EXPECT_EQ(json["exits"]["drop_fragment"], 3);
  EXPECT_EQ(json["backends"]["web/b1"]["flows"], 4);
  const std::string text = report_text(report);
  EXPECT_NE(text.find("10 packets received: 7 sent, 0 answered, 0 for the kernel, 3 dropped"), std::string::npos)
      << text;
  EXPECT_NE(text.find("100.00%"), std::string::npos) << text;
}

}  // namespace
}  // namespace guideway
