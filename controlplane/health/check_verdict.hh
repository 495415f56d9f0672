// SPDX-License-Identifier: Apache-2.0
// What the results of one check of one backend amount to: `fall` failures in a row make it failing, `rise` successes
// make it passing again; the first success ever is enough. Pure.
#pragma once

#include <cstdint>

#include "controlplane/health/check_pace.hh"
#include "controlplane/health/probe_result.hh"

namespace guideway {

enum class Verdict : std::uint8_t { never_passed, passing, failing };

class CheckVerdict {
 public:
  CheckVerdict(std::uint32_t rise, std::uint32_t fall, Verdict begin = Verdict::never_passed)
      : rise_(rise), fall_(fall), verdict_(begin) {}

  // Inconclusive ones neither add to a row nor break it.
  void add(ProbeOutcome outcome);
  // Counters and verdict stay; new limits are asked with the next result.
  void set_limits(std::uint32_t rise, std::uint32_t fall);
  // Whatever the results were: somebody else vouches for it.
  void set(Verdict verdict) noexcept { verdict_ = verdict; }

  [[nodiscard]] Verdict verdict() const noexcept { return verdict_; }
  [[nodiscard]] CheckPace pace() const noexcept;
  [[nodiscard]] std::uint32_t failures_in_a_row() const noexcept { return failures_; }
  [[nodiscard]] std::uint32_t successes_in_a_row() const noexcept { return successes_; }

 private:
  std::uint32_t rise_;
  std::uint32_t fall_;
  Verdict verdict_;
  std::uint32_t successes_ = 0;
  std::uint32_t failures_ = 0;
};

}  // namespace guideway
