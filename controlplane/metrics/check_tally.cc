// SPDX-License-Identifier: Apache-2.0
#include "controlplane/metrics/check_tally.hh"

namespace guideway {
namespace {

void count(CheckOutcomes& outcomes, ProbeOutcome outcome) {
  if (outcome == ProbeOutcome::ok) ++outcomes.ok;
  if (outcome == ProbeOutcome::failed) ++outcomes.failed;
  if (outcome == ProbeOutcome::inconclusive) ++outcomes.inconclusive;
}

}  // namespace

void CheckTally::add(const BackendKey& backend, CheckKind kind, const ProbeResult& result) {
  count(backends_[backend], result.outcome);
  Kind& all = kinds_[kind];
  count(all.outcomes, result.outcome);
  if (result.outcome == ProbeOutcome::inconclusive) return;
  ++all.verdicts;
  all.latency_us += result.latency_us;
  for (std::size_t i = 0; i < bounds_us.size(); ++i) all.up_to.at(i) += result.latency_us <= bounds_us.at(i) ? 1 : 0;
}

void CheckTally::follow(const std::map<BackendKey, BackendRecord>& backends) {
  for (auto each = backends_.begin(); each != backends_.end();)
    each = backends.count(each->first) == 0 ? backends_.erase(each) : std::next(each);
}

CheckOutcomes CheckTally::of(const BackendKey& backend) const {
  const auto found = backends_.find(backend);
  return found == backends_.end() ? CheckOutcomes{} : found->second;
}

}  // namespace guideway
