// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/check_verdicts.hh"

#include <algorithm>

namespace guideway {

void CheckVerdicts::set_limits(CheckRule rule, const std::vector<CheckLimits>& limits) {
  const bool passed = !checks_.empty() && verdict() == Verdict::passing;
  rule_ = rule;
  checks_.erase(checks_.begin() + static_cast<std::ptrdiff_t>(std::min(checks_.size(), limits.size())), checks_.end());
  for (std::size_t i = 0; i < limits.size(); ++i) {
    if (i < checks_.size()) {
      checks_[i].set_limits(limits[i].rise, limits[i].fall);
      continue;
    }
    checks_.emplace_back(limits[i].rise, limits[i].fall);
    if (passed) checks_.back().set(Verdict::passing);
  }
}

void CheckVerdicts::add(std::size_t number, ProbeOutcome outcome) {
  if (number < checks_.size()) checks_[number].add(outcome);
}

void CheckVerdicts::set(Verdict verdict) {
  for (CheckVerdict& check : checks_) check.set(verdict);
}

Verdict CheckVerdicts::verdict() const noexcept {
  const auto has = [this](Verdict wanted) {
    return std::any_of(checks_.begin(), checks_.end(),
                       [&](const CheckVerdict& check) { return check.verdict() == wanted; });
  };
  if (rule_ == CheckRule::any && has(Verdict::passing)) return Verdict::passing;
  if (has(Verdict::failing)) return Verdict::failing;
  return has(Verdict::never_passed) ? Verdict::never_passed : Verdict::passing;
}

}  // namespace guideway
