// SPDX-License-Identifier: Apache-2.0
// What guidewayd tells Prometheus, with a datapath that counts what the test says and restarts when it says so.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include "tests/unit/controlplane/api/daemon_process.hh"
#include "tests/unit/controlplane/metrics/promtool.hh"

namespace guideway {
namespace {

class DaemonMetricsTest : public DaemonTest {
 protected:
  [[nodiscard]] std::string scrape() const {
    const HttpAnswer answer = ask(api_, "GET", "/metrics");
    EXPECT_EQ(answer.status, 200);
    const std::size_t body = answer.text.find("\r\n\r\n");
    return body == std::string::npos ? "" : answer.text.substr(body + 4);
  }
  // Of the sample with exactly this name and these labels; -1 if there is none.
  [[nodiscard]] double value(const std::string& sample) const {
    const std::string text = "\n" + scrape();
    const std::size_t at = text.find("\n" + sample + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + sample.size() + 2));
  }
};

TEST_F(DaemonMetricsTest, CountersOutliveTheDatapath) {
  listen_as(1);
  write_config(config_with({backend("a", 1)}));
  auto datapath = std::make_unique<FakeDatapath>();
  auto door = std::make_unique<TestDoor>(door_, *datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  datapath->worker(1).received_packets = 70;
  datapath->worker(1).exits[GW_EXIT_SENT] = 70;
  datapath->backend(0, index_of("a")).packets = 30;
  datapath->backend(1, index_of("a")).packets = 40;
  EXPECT_EQ(value("guideway_backend_packets_total{pool=\"web\",backend=\"a\"}"), 70);
  EXPECT_EQ(value("guideway_worker_exit_packets_total{worker=\"1\",exit=\"sent\",kind=\"sent\"}"), 70);
  datapath->backend(1, index_of("a")).packets = 50;  // seen by nobody before the datapath dies
  door.reset();
  datapath.reset();
  ASSERT_TRUE(eventually([&] { return value("guideway_datapath_connected") == 0; }));
  EXPECT_EQ(value("guideway_backend_packets_total{pool=\"web\",backend=\"a\"}"), 80);
  datapath = std::make_unique<FakeDatapath>();
  door = std::make_unique<TestDoor>(door_, *datapath);
  ASSERT_TRUE(eventually([&] { return value("guideway_datapath_connected") == 1; }));
  datapath->backend(1, index_of("a")).packets = 5;
  EXPECT_EQ(value("guideway_backend_packets_total{pool=\"web\",backend=\"a\"}"), 85);
  EXPECT_EQ(value("guideway_datapath_connections_total"), 2);
}

TEST_F(DaemonMetricsTest, TellsOfChecksAndSnapshots) {
  listen_as(1);
  write_config(config_with({backend("a", 1), backend("dead", 2)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  EXPECT_EQ(value("guideway_backend_up{pool=\"web\",backend=\"a\"}"), 1);
  EXPECT_EQ(value("guideway_backend_up{pool=\"web\",backend=\"dead\"}"), 0);
  EXPECT_EQ(value("guideway_service_backends_up{service=\"web\"}"), 1);
  EXPECT_GE(value("guideway_backend_checks_total{pool=\"web\",backend=\"a\",result=\"ok\"}"), 1);
  EXPECT_TRUE(eventually(
      [&] { return value("guideway_backend_checks_total{pool=\"web\",backend=\"dead\",result=\"failed\"}") >= 1; }));
  EXPECT_GE(value("guideway_check_duration_seconds_count{kind=\"tcp\"}"), 2);
  EXPECT_GE(value("guideway_snapshots_total{result=\"accepted\"}"), 1);
  EXPECT_EQ(value("guideway_snapshots_total{result=\"refused\"}"), 0);
  EXPECT_EQ(value("guideway_generation"), get("/v1/status")["generation"].get<double>());
  EXPECT_EQ(value("guideway_worker_flows_limit{worker=\"1\"}"), 1024);
}

TEST_F(DaemonMetricsTest, WhatCountersTellOfTroubleIsAWarning) {
  listen_as(1);
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  const auto warns = [&](const std::string& part) {
    const nlohmann::json warnings = get("/v1/status")["warnings"];
    return std::any_of(warnings.begin(), warnings.end(), [&](const nlohmann::json& warning) {
      return warning.get<std::string>().find(part) != std::string::npos;
    });
  };
  ASSERT_TRUE(becomes("a", "up"));
  datapath.worker(1).flows_remembered = 1000;
  EXPECT_TRUE(eventually([&] { return warns("worker 1 is nearly full: 1000 of 1024 entries"); }));
  EXPECT_FALSE(warns("drops are rising"));
  datapath.worker(1).flows_remembered = 0;
  // Some 200 a second, looked at once a second.
  EXPECT_TRUE(eventually(
      [&] {
        datapath.worker(0).exits[GW_EXIT_DROP_NO_BACKEND] += 10;
        datapath.worker(0).received_packets += 10;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        return warns("drops are rising: drop_no_backend ");
      },
      std::chrono::seconds(20)));
  EXPECT_FALSE(warns("nearly full"));
}

TEST_F(DaemonMetricsTest, OnTcpThereIsNothingButMetrics) {
  listen_as(1);
  const int port = port_ + 1;
  write_config("metrics = \"127.0.0.2:" + std::to_string(port) + "\"\n" + config_with({backend("a", 1)}));
  start();
  const auto curl = [&](const std::string& more) {
    FILE* program = ::popen(("curl -s -m 5 http://127.0.0.2:" + std::to_string(port) + more + " 2>&1").c_str(), "r");
    std::string said;
    char buffer[4096];
    while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, program)) said.append(buffer, count);
    ::pclose(program);
    return said;
  };
  EXPECT_NE(curl("/metrics").find("guideway_build_info{version="), std::string::npos);
  EXPECT_NE(curl("/v1/status").find("there is nothing here but /metrics"), std::string::npos);
  EXPECT_NE(curl("/v1/edits -d '{}'").find("there is nothing here but /metrics"), std::string::npos);
  EXPECT_NE(curl("/metrics -X POST").find("takes GET"), std::string::npos);
}

TEST_F(DaemonMetricsTest, PromtoolHasNothingToSay) {
  if (!has_promtool()) GTEST_SKIP() << "promtool is not here (Debian package prometheus)";
  listen_as(1);
  write_config(config_with({backend("a", 1), backend("dead", 2)}));
  start();
  EXPECT_EQ(promtool_on(scrape()), "") << "without a datapath";
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  ASSERT_TRUE(becomes("a", "up"));
  EXPECT_EQ(promtool_on(scrape()), "");
}

}  // namespace
}  // namespace guideway
