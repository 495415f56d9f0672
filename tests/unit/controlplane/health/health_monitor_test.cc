// SPDX-License-Identifier: Apache-2.0
// The monitor over real sockets on loopback: who hears what, what a change disturbs, thousands of targets, the end.
#include "controlplane/health/health_monitor.hh"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <thread>

#include "tests/unit/controlplane/health/scripted_server.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

const IpAddress loopback = *IpAddress::parse("127.0.0.1");

CheckConfig every(std::uint32_t interval_ms, CheckKind kind = CheckKind::tcp) {
  CheckConfig check;
  check.kind = kind;
  check.interval_ms = interval_ms;
  check.timeout_ms = 500;
  return check;
}

struct Heard {
  std::map<std::uint32_t, std::vector<ProbeResult>> results;
  HealthMonitor::OnResult listener() {
    return [this](std::uint32_t id, const ProbeResult& result) { results[id].push_back(result); };
  }
  [[nodiscard]] std::size_t count(std::uint32_t id) const {
    const auto found = results.find(id);
    return found == results.end() ? 0 : found->second.size();
  }
};

template <typename Condition>
bool run_until(asio::io_context& io, Condition condition, milliseconds patience = milliseconds(10'000)) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    io.run_one_for(milliseconds(50));
  }
  return true;
}

TEST(HealthMonitor, TellsEveryUserOfOneProbe) {
  asio::io_context io;
  ScriptedServer server(io, {});
  Heard heard;
  HealthMonitor monitor(io, heard.listener(), 1);
  std::vector<HealthMonitor::Target> targets;
  for (std::uint32_t id = 0; id < 50; ++id) targets.push_back({id, loopback, server.port(), every(100)});
  targets.push_back({90, loopback, server.port(), every(100, CheckKind::none)});
  monitor.set_targets(targets);
  EXPECT_EQ(monitor.distinct_targets(), 1u);
  ASSERT_TRUE(run_until(io, [&] { return heard.count(49) >= 5; }));
  for (std::uint32_t id = 0; id < 50; ++id) EXPECT_EQ(heard.count(id), heard.count(49));
  EXPECT_EQ(heard.count(90), 0u) << "kind none is never probed";
  EXPECT_LE(server.connections(), static_cast<int>(heard.count(0)) + 1) << "one connection a probe, not a user";
  EXPECT_EQ(heard.results[7].front().outcome, ProbeOutcome::ok);
}

TEST(HealthMonitor, NoticesAServerThatGoesAndComes) {
  asio::io_context io;
  auto server = std::make_unique<ScriptedServer>(io, Script{.answer = "HTTP/1.1 200 OK\r\n\r\n"});
  Heard heard;
  HealthMonitor monitor(io, heard.listener(), 1);
  monitor.set_targets({{1, loopback, server->port(), every(50, CheckKind::http)}});
  ASSERT_TRUE(run_until(io, [&] { return heard.count(1) > 0; }));
  EXPECT_EQ(heard.results[1].back().outcome, ProbeOutcome::ok);
  server->set_script({.answer = "HTTP/1.1 500 No\r\n\r\n"});
  ASSERT_TRUE(run_until(io, [&] { return heard.results[1].back().detail == "HTTP status 500, wanted 200 to 399"; }));
  server->stop();
  ASSERT_TRUE(run_until(io, [&] { return heard.results[1].back().detail == "connection refused"; }));
}

// As if the process had been stopped, or the clock had jumped: the time of a probe passes while nobody looks.
TEST(HealthMonitor, AFailureThatItNoticedTooLateIsItsOwn) {
  asio::io_context io;
  ScriptedServer server(io, Script{.close = false});
  Heard heard;
  HealthMonitor monitor(io, heard.listener(), 1);
  monitor.set_targets({{1, loopback, server.port(), every(600, CheckKind::http)}});
  ASSERT_TRUE(run_until(io, [&] { return server.connections() == 1; }));
  std::this_thread::sleep_for(milliseconds(1700));
  ASSERT_TRUE(run_until(io, [&] { return heard.count(1) == 1; }));
  EXPECT_EQ(heard.results[1].front().outcome, ProbeOutcome::inconclusive);
  EXPECT_NE(heard.results[1].front().detail.find("this machine was late"), std::string::npos);
  ASSERT_TRUE(run_until(io, [&] { return heard.count(1) == 2; }));
  EXPECT_EQ(heard.results[1].back().outcome, ProbeOutcome::failed) << "the same silence, heard in time";
}

TEST(HealthMonitor, AChangeLeavesAProbeUnderWayAlone) {
  asio::io_context io;
  ScriptedServer slow(io, {.answer = "HTTP/1.1 200 OK\r\n\r\n", .wait_ms = 1000});
  ScriptedServer other(io, {});
  Heard heard;
  HealthMonitor monitor(io, heard.listener(), 1);
  CheckConfig check = every(60'000, CheckKind::http);
  check.timeout_ms = 20'000;
  const HealthMonitor::Target kept{1, loopback, slow.port(), check};
  check.path = "/other";
  const HealthMonitor::Target going{2, loopback, slow.port(), check};
  monitor.set_targets({kept, going});
  ASSERT_TRUE(run_until(io, [&] { return slow.connections() == 2; }));
  EXPECT_EQ(monitor.running(), 2u);
  monitor.set_targets({kept, {3, loopback, other.port(), every(60'000)}});
  ASSERT_TRUE(run_until(io, [&] { return heard.count(1) == 1 && heard.count(3) == 1; }));
  EXPECT_EQ(heard.results[1].front().outcome, ProbeOutcome::ok);
  EXPECT_EQ(slow.connections(), 2) << "the kept probe was not begun again";
  EXPECT_EQ(heard.count(2), 0u) << "the probe of what went away ends without a result";
}

TEST(HealthMonitor, ThousandsOfTargets) {
  asio::io_context io;
  ScriptedServer server(io, {});
  Heard heard;
  HealthMonitor monitor(io, heard.listener(), 1, 256);
  std::vector<HealthMonitor::Target> targets;
  for (std::uint32_t id = 0; id < 3000; ++id) {
    // Distinct targets by distinct loopback addresses; half of them refuse.
    IpAddress address = loopback;
    address.bytes[2] = static_cast<std::uint8_t>(id >> 8);
    address.bytes[3] = static_cast<std::uint8_t>(id);
    if (id % 256 == 0) address.bytes[1] = 1;
    targets.push_back({id, address, 9, every(1000)});
  }
  targets.push_back({5000, loopback, server.port(), every(1000)});
  monitor.set_targets(targets);
  EXPECT_EQ(monitor.distinct_targets(), 3001u);
  std::size_t most_running = 0;
  ASSERT_TRUE(run_until(
      io,
      [&] {
        most_running = std::max(most_running, monitor.running());
        return heard.results.size() == 3001 && heard.count(5000) > 0;
      },
      milliseconds(30'000)));
  EXPECT_LE(most_running, 256u);
  EXPECT_EQ(heard.results[5000].front().outcome, ProbeOutcome::ok);
}

TEST(HealthMonitor, StopLeavesNothingBehind) {
  asio::io_context io;
  ScriptedServer silent(io, {.answer = "", .close = false});
  int heard = 0;
  HealthMonitor monitor(
      io, [&](std::uint32_t, const ProbeResult&) { ++heard; }, 1);
  monitor.set_targets({{1, loopback, silent.port(), every(50, CheckKind::http)}});
  ASSERT_TRUE(run_until(io, [&] { return monitor.running() == 1; }));
  monitor.stop();
  silent.stop();
  io.run_for(milliseconds(3000));
  EXPECT_TRUE(io.stopped()) << "work is left behind";
  EXPECT_EQ(heard, 0);
  monitor.set_targets({{1, loopback, 9, every(50)}});
  EXPECT_EQ(monitor.running(), 0u);
}

TEST(HealthMonitor, AListenerMayReplaceTheTargetsAndEndTheMonitor) {
  asio::io_context io;
  ScriptedServer server(io, {});
  std::unique_ptr<HealthMonitor> monitor;
  int first = 0;
  int second = 0;
  monitor = std::make_unique<HealthMonitor>(
      io,
      [&](std::uint32_t id, const ProbeResult&) {
        if (id < 10) {
          ++first;
          monitor->set_targets({{10, loopback, server.port(), every(50)}});
        } else if (++second == 2) {
          monitor.reset();
        }
      },
      1);
  monitor->set_targets({{1, loopback, server.port(), every(50)}, {2, loopback, server.port(), every(50)}});
  ASSERT_TRUE(run_until(io, [&] { return !monitor; }));
  io.run_for(milliseconds(200));
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
}

}  // namespace
}  // namespace guideway
