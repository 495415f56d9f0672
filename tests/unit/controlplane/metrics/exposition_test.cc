// SPDX-License-Identifier: Apache-2.0
#include "controlplane/metrics/exposition.hh"

#include <gtest/gtest.h>

#include "dataplane/pipeline/exits.hh"
#include "tests/unit/controlplane/metrics/promtool.hh"
#include "tests/unit/controlplane/metrics/some_facts.hh"

namespace guideway {
namespace {

void expect_line(const std::string& text, const std::string& line) {
  EXPECT_NE(text.find("\n" + line + "\n"), std::string::npos) << line << "\nis not in:\n" << text;
}

TEST(Exposition, NamesServicesBackendsWorkersAndExits) {
  const std::string text = exposition(some_facts());
  expect_line(text, "guideway_service_packets_total{service=\"web\"} 1234");
  expect_line(text, "guideway_service_backends_up{service=\"web\"} 1");
  expect_line(text, "guideway_backend_share_ratio{pool=\"web\",backend=\"a\\\"b\\\\c\\nd\"} 0.5");
  expect_line(text, "guideway_worker_received_packets_total{worker=\"1\"} 9");
  expect_line(text, "guideway_worker_exit_packets_total{worker=\"0\",exit=\"drop_no_backend\",kind=\"drop\"} 3");
  expect_line(text, "guideway_worker_flows_remembered_highest{worker=\"0\"} 7");
  expect_line(text, "guideway_snapshots_total{result=\"refused\"} 2");
}

TEST(Exposition, CountsLargeNumbersExactly) {
  expect_line(exposition(some_facts()),
              "guideway_backend_packets_total{pool=\"web\",backend=\"a\\\"b\\\\c\\nd\"} 9007199254740991");
}

TEST(Exposition, ChecksAreAHistogram) {
  const std::string text = exposition(some_facts());
  expect_line(text, "guideway_checks_total{kind=\"http\",result=\"inconclusive\"} 1");
  expect_line(text, "guideway_check_duration_seconds_bucket{kind=\"http\",le=\"0.0005\"} 0");
  expect_line(text, "guideway_check_duration_seconds_bucket{kind=\"http\",le=\"0.001\"} 1");
  expect_line(text, "guideway_check_duration_seconds_bucket{kind=\"http\",le=\"+Inf\"} 2");
  expect_line(text, "guideway_check_duration_seconds_count{kind=\"http\"} 2");
}

TEST(Exposition, WorkersTellTheirLoadBurstsAndLatencies) {
  const std::string text = exposition(some_facts());
  expect_line(text, "guideway_worker_cycles_total{worker=\"0\"} 5000");
  expect_line(text, "guideway_worker_busy_cycles_total{worker=\"1\"} 3000");
  expect_line(text, "guideway_worker_burst_packets_count{worker=\"0\"} 4");
  expect_line(text, "guideway_worker_burst_packets_sum{worker=\"0\"} 9");
  expect_line(text, "guideway_worker_burst_packets_bucket{worker=\"0\",le=\"1\"} 2");
  expect_line(text, "guideway_worker_burst_packets_bucket{worker=\"0\",le=\"3\"} 2");
  expect_line(text, "guideway_worker_burst_packets_bucket{worker=\"0\",le=\"7\"} 3");
  expect_line(text, "guideway_worker_burst_packets_bucket{worker=\"0\",le=\"127\"} 3");
  expect_line(text, "guideway_worker_burst_packets_bucket{worker=\"0\",le=\"+Inf\"} 4");
  expect_line(text, "guideway_worker_latency_seconds_bucket{worker=\"0\",le=\"2.56e-07\"} 0");
  expect_line(text, "guideway_worker_latency_seconds_bucket{worker=\"0\",le=\"5.12e-07\"} 3");
  expect_line(text, "guideway_worker_latency_seconds_bucket{worker=\"0\",le=\"+Inf\"} 4");
  expect_line(text, "guideway_worker_latency_seconds_sum{worker=\"0\"} 0.0095");
}

TEST(Exposition, ADatapathThatDoesNotMeasureItselfTellsNoLoad) {
  MetricFacts facts = some_facts();
  facts.cycles_per_second = 0;
  const std::string text = exposition(facts);
  EXPECT_EQ(text.find("cycles"), std::string::npos);
  EXPECT_EQ(text.find("guideway_worker_burst"), std::string::npos);
  EXPECT_EQ(text.find("guideway_worker_latency"), std::string::npos);
}

TEST(Exposition, EveryFamilyHasHelpAndTypeAndEveryExitItsSample) {
  const std::string text = exposition(some_facts());
  for (const ExitName& exit : exit_names())
    EXPECT_NE(text.find("exit=\"" + std::string(exit.name) + "\""), std::string::npos) << exit.name;
  std::size_t helps = 0;
  std::size_t types = 0;
  for (std::size_t at = text.find("# HELP"); at != std::string::npos; at = text.find("# HELP", at + 1)) ++helps;
  for (std::size_t at = text.find("# TYPE"); at != std::string::npos; at = text.find("# TYPE", at + 1)) ++types;
  EXPECT_EQ(helps, types);
  EXPECT_GT(helps, 40U);
}

TEST(Exposition, PromtoolHasNothingToSay) {
  if (!has_promtool()) GTEST_SKIP() << "promtool is not here (Debian package prometheus)";
  EXPECT_EQ(promtool_on(exposition(some_facts())), "");
  EXPECT_EQ(promtool_on(exposition({})), "") << "before anything happened";
  EXPECT_NE(promtool_on("guideway_x{ 1\n"), "") << "promtool would say nothing at all";
}

}  // namespace
}  // namespace guideway
