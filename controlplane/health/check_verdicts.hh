// SPDX-License-Identifier: Apache-2.0
// What the checks of one backend amount to together: all of them must pass, or any of them. Each keeps its own count
// and pace.
#pragma once

#include <cstddef>
#include <vector>

#include "controlplane/config/schema.hh"
#include "controlplane/health/check_verdict.hh"

namespace guideway {

struct CheckLimits {
  std::uint32_t rise = 2;
  std::uint32_t fall = 3;
  friend bool operator==(const CheckLimits&, const CheckLimits&) = default;
};

class CheckVerdicts {
 public:
  CheckVerdicts(CheckRule rule, const std::vector<CheckLimits>& limits) { set_limits(rule, limits); }

  // A check that is new begins with what the others say: it does not take down what is up before it has failed.
  void set_limits(CheckRule rule, const std::vector<CheckLimits>& limits);
  // The result of the check of this number; of one that is not there, nothing.
  void add(std::size_t number, ProbeOutcome outcome);
  // Of all of them.
  void set(Verdict verdict);

  [[nodiscard]] Verdict verdict() const noexcept;
  [[nodiscard]] const CheckVerdict& of(std::size_t number) const { return checks_.at(number); }
  [[nodiscard]] std::size_t count() const noexcept { return checks_.size(); }

 private:
  CheckRule rule_ = CheckRule::all;
  std::vector<CheckVerdict> checks_;
};

}  // namespace guideway
