// SPDX-License-Identifier: Apache-2.0
// How many checks ended how, and how long they took: by kind of check and by backend.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "controlplane/compile/ledger.hh"
#include "controlplane/config/schema.hh"
#include "controlplane/health/probe_result.hh"

namespace guideway {

struct CheckOutcomes {
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
  std::uint64_t inconclusive = 0;
};

class CheckTally {
 public:
  // Upper bounds of the histogram, in microseconds; what took longer counts only in the sum.
  static constexpr std::array<std::uint32_t, 12> bounds_us{100,    250,    500,     1'000,   2'500,   5'000,
                                                           10'000, 50'000, 100'000, 250'000, 500'000, 1'000'000};
  struct Kind {
    CheckOutcomes outcomes;
    std::array<std::uint64_t, bounds_us.size()> up_to{};  // cumulative, of checks with a verdict
    std::uint64_t verdicts = 0;
    std::uint64_t latency_us = 0;  // of all of them
  };

  void add(const BackendKey& backend, CheckKind kind, const ProbeResult& result);
  // Forgets backends that are no more.
  void follow(const std::map<BackendKey, BackendRecord>& backends);

  [[nodiscard]] const std::map<CheckKind, Kind>& kinds() const noexcept { return kinds_; }
  [[nodiscard]] CheckOutcomes of(const BackendKey& backend) const;

 private:
  std::map<CheckKind, Kind> kinds_;
  std::map<BackendKey, CheckOutcomes> backends_;
};

}  // namespace guideway
