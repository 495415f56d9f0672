// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/check_verdict.hh"

#include <limits>

namespace guideway {
namespace {

void count_one_more(std::uint32_t& count) {
  if (count < std::numeric_limits<std::uint32_t>::max()) ++count;
}

}  // namespace

void CheckVerdict::add(ProbeOutcome outcome) {
  if (outcome == ProbeOutcome::inconclusive) return;
  if (outcome == ProbeOutcome::ok) {
    failures_ = 0;
    count_one_more(successes_);
    if (verdict_ == Verdict::never_passed || successes_ >= rise_) verdict_ = Verdict::passing;
  } else {
    successes_ = 0;
    count_one_more(failures_);
    if (verdict_ == Verdict::passing && failures_ >= fall_) verdict_ = Verdict::failing;
  }
}

void CheckVerdict::set_limits(std::uint32_t rise, std::uint32_t fall) {
  rise_ = rise;
  fall_ = fall;
}

CheckPace CheckVerdict::pace() const noexcept {
  switch (verdict_) {
    case Verdict::passing:
      return failures_ != 0 ? CheckPace::fast : CheckPace::steady;
    case Verdict::failing:
      return successes_ != 0 ? CheckPace::fast : CheckPace::down;
    case Verdict::never_passed:
      break;
  }
  return failures_ >= fall_ ? CheckPace::down : CheckPace::steady;
}

}  // namespace guideway
