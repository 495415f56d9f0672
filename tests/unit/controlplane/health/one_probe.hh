// SPDX-License-Identifier: Apache-2.0
// Runs one probe to its verdict, and holds it to what every probe promises its caller.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "controlplane/health/start_probe.hh"

namespace guideway {

inline ProbeResult probe(boost::asio::io_context& io, const CheckTarget& target) {
  std::optional<ProbeResult> verdict;
  bool returned = false;
  const ProbeDone done = [&](const ProbeResult& result) {
    EXPECT_TRUE(returned) << "called from within the start";
    EXPECT_FALSE(verdict) << "called twice";
    verdict = result;
  };
  const auto running = start_probe(io, target, done);
  returned = true;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!verdict && std::chrono::steady_clock::now() < give_up) io.run_one_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(verdict);
  return verdict.value_or(ProbeResult{});
}

// Many a server listens before it is ready.
inline void wait_until_passing(boost::asio::io_context& io, const CheckTarget& target) {
  ProbeResult result;
  for (int attempt = 0; attempt < 300 && result.outcome != ProbeOutcome::ok; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    result = probe(io, target);
  }
  ASSERT_EQ(result.outcome, ProbeOutcome::ok) << result.detail;
}

// All at once, so that what has to wait for a deadline waits together.
inline std::map<std::string, ProbeResult> probe_all(boost::asio::io_context& io,
                                                    const std::map<std::string, CheckTarget>& targets) {
  std::map<std::string, ProbeResult> results;
  std::vector<std::shared_ptr<Probe>> running;
  for (const auto& [name, each] : targets)
    running.push_back(
        start_probe(io, each, [&results, key = name](const ProbeResult& result) { results[key] = result; }));
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (results.size() < targets.size() && std::chrono::steady_clock::now() < give_up)
    io.run_one_for(std::chrono::milliseconds(100));
  for (const auto& probe : running) probe->cancel();
  EXPECT_EQ(results.size(), targets.size());
  return results;
}

inline void expect_failed(const ProbeResult& result, const std::string& detail) {
  EXPECT_EQ(result.outcome, ProbeOutcome::failed);
  EXPECT_EQ(result.detail, detail);
}

inline void expect_ok(const ProbeResult& result, const std::string& detail) {
  EXPECT_EQ(result.outcome, ProbeOutcome::ok);
  EXPECT_EQ(result.detail, detail);
}

}  // namespace guideway
