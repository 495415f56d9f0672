// SPDX-License-Identifier: Apache-2.0
// How much of its part each backend of a pool should take, by how fast it answers its checks: slow ones less. Every
// `period` a backend's weight is multiplied by (median latency / own latency)^0.5, but by 0.9 to 1.1 only; the fastest
// keeps its whole part and none falls below `floor_percent`. A share is given out only if it moved by more than the
// deadband. Errors veto speed: who fails checks never gains by answering fast. Frozen while more than 30 % of the pool
// is bad: then the figures tell of the trouble, not of the backends. Pure: latencies come from successful checks.
#pragma once

#include <cstdint>
#include <map>

namespace guideway {

struct LoadFeedbackPolicy {
  bool on = false;
  std::uint32_t floor_percent = 10;
  friend bool operator==(const LoadFeedbackPolicy&, const LoadFeedbackPolicy&) = default;
};

class LoadFeedback {
 public:
  static constexpr std::int64_t period_ms = 5000;
  static constexpr double smoothing = 0.1;  // of the moving averages, a check
  static constexpr double step_least = 0.9;
  static constexpr double step_most = 1.1;
  static constexpr double deadband = 0.05;
  static constexpr double error_rate_vetoes = 0.1;
  static constexpr double bad_part_freezes = 0.3;

  // One conclusive check of a backend, by index.
  void checked(std::uint32_t index, bool ok, std::uint32_t latency_us);
  // What a former control plane had come to.
  void begin_at(std::uint32_t index, std::uint32_t share);
  void forget(std::uint32_t index) { members_.erase(index); }

  // Moves the weights on once a period. `bad`: members that do not serve, of `all`. True if a share changed.
  bool update(const LoadFeedbackPolicy& policy, std::size_t bad, std::size_t all, std::int64_t now_ms);

  // 1 to GW_SHARE_FULL; full for whom nothing is known.
  [[nodiscard]] std::uint32_t share(std::uint32_t index) const;
  [[nodiscard]] bool frozen() const noexcept { return frozen_; }
  // The smoothed latency; 0 before the first check.
  [[nodiscard]] std::uint32_t latency_us(std::uint32_t index) const;

 private:
  struct Member {
    double latency_us = 0;  // 0: none yet
    double error_rate = 0;
    double weight = 1;
    double given = 1;  // what share() says
  };

  [[nodiscard]] double median_latency_us() const;
  void step(double floor);
  bool give_out();

  std::map<std::uint32_t, Member> members_;
  std::int64_t next_ms_ = 0;
  bool frozen_ = false;
};

}  // namespace guideway
