// SPDX-License-Identifier: Apache-2.0
// Runs one probe to its verdict, and holds it to what every probe promises its caller.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <string>

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
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!verdict && std::chrono::steady_clock::now() < give_up) io.run_one_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(verdict);
  return verdict.value_or(ProbeResult{});
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
