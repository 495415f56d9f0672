// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/load_feedback.hh"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ebpf/abi/health.h"

namespace guideway {

void LoadFeedback::checked(std::uint32_t index, bool ok, std::uint32_t latency_us) {
  Member& member = members_[index];
  member.error_rate += smoothing * ((ok ? 0.0 : 1.0) - member.error_rate);
  if (!ok) return;
  const auto latency = static_cast<double>(std::max(latency_us, 1u));
  member.latency_us = member.latency_us == 0 ? latency : member.latency_us + smoothing * (latency - member.latency_us);
}

void LoadFeedback::begin_at(std::uint32_t index, std::uint32_t share) {
  Member& member = members_[index];
  member.weight = member.given = static_cast<double>(std::clamp(share, 1u, GW_SHARE_FULL)) / GW_SHARE_FULL;
}

double LoadFeedback::median_latency_us() const {
  std::vector<double> latencies;
  for (const auto& [index, member] : members_) {
    if (member.latency_us != 0) latencies.push_back(member.latency_us);
  }
  if (latencies.empty()) return 0;
  const auto middle = latencies.begin() + static_cast<std::ptrdiff_t>(latencies.size() / 2);
  std::nth_element(latencies.begin(), middle, latencies.end());
  return *middle;
}

void LoadFeedback::step(double floor) {
  const double median_us = median_latency_us();
  if (median_us == 0) return;
  double largest = 0;
  for (auto& [index, member] : members_) {
    if (member.latency_us == 0) continue;
    double factor = std::clamp(std::sqrt(median_us / member.latency_us), step_least, step_most);
    if (member.error_rate > error_rate_vetoes) factor = std::min(factor, step_least);
    if (std::abs(factor - 1) < deadband) factor = 1;  // noise, which would add up
    member.weight *= factor;
    largest = std::max(largest, member.weight);
  }
  // Only the proportions matter: the one that should take most takes all of its part.
  for (auto& [index, member] : members_) {
    if (member.latency_us != 0) member.weight = std::max(member.weight / largest, floor);
  }
}

bool LoadFeedback::give_out() {
  bool changed = false;
  for (auto& [index, member] : members_) {
    const bool is_whole = member.weight > 1 - deadband;  // the fastest is plain, and costs no packet a look-up
    const double wanted = is_whole ? 1 : member.weight;
    if (wanted == member.given || (!is_whole && std::abs(wanted - member.given) <= deadband * member.given)) continue;
    member.given = wanted;
    changed = true;
  }
  return changed;
}

bool LoadFeedback::update(const LoadFeedbackPolicy& policy, std::size_t bad, std::size_t all, std::int64_t now_ms) {
  if (!policy.on) {
    bool changed = false;
    for (auto& [index, member] : members_) {
      changed |= member.given != 1;
      member.weight = member.given = 1;
    }
    return changed;
  }
  frozen_ = static_cast<double>(bad) > bad_part_freezes * static_cast<double>(all);
  if (now_ms < next_ms_ || frozen_) return false;
  next_ms_ = now_ms + period_ms;
  step(policy.floor_percent / 100.0);
  return give_out();
}

std::uint32_t LoadFeedback::share(std::uint32_t index) const {
  const auto found = members_.find(index);
  if (found == members_.end()) return GW_SHARE_FULL;
  return std::clamp(static_cast<std::uint32_t>(found->second.given * GW_SHARE_FULL), 1u, GW_SHARE_FULL);
}

std::uint32_t LoadFeedback::latency_us(std::uint32_t index) const {
  const auto found = members_.find(index);
  return found == members_.end() ? 0 : static_cast<std::uint32_t>(found->second.latency_us);
}

}  // namespace guideway
