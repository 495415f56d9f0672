// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/datapath_watch.hh"

#include <algorithm>

#include <fmt/core.h>

#include "dataplane/pipeline/exits.hh"

namespace guideway {
namespace {

constexpr std::int64_t remembered_ms = 65'000;

std::uint64_t per_second(std::uint64_t count, std::int64_t time_ms) {
  return time_ms <= 0 ? 0 : count * 1000 / static_cast<std::uint64_t>(time_ms);
}

}  // namespace

void DatapathWatch::note(std::int64_t now_ms, const CountersView& counters, std::uint64_t flows_max) {
  flows_max_ = flows_max;
  flows_not_remembered_ = 0;
  flows_.assign(counters.worker_count(), 0);
  Look look;
  look.time_ms = now_ms;
  for (std::uint32_t number = 0; number < counters.worker_count(); ++number) {
    const gw_worker_counters worker = counters.worker(number);
    flows_[number] = worker.flows_remembered;
    flows_not_remembered_ += worker.flows_not_remembered;
    look.received += worker.received_packets;
    for (std::size_t exit = 0; exit < look.exits.size(); ++exit) look.exits[exit] += worker.exits[exit];
  }
  looks_.push_back(look);
  while (now_ms - looks_.front().time_ms > remembered_ms) looks_.pop_front();
}

void DatapathWatch::forget() {
  looks_.clear();
  flows_.clear();
  flows_not_remembered_ = 0;
}

std::vector<std::string> DatapathWatch::warnings() const {
  std::vector<std::string> warnings;
  if (flows_not_remembered_ != 0) {
    warnings.push_back(
        fmt::format("{} flows found no place in a flow table (flows_not_remembered); start the datapath with more "
                    "--flows-max",
                    flows_not_remembered_));
  }
  for (std::size_t number = 0; number < flows_.size(); ++number) {
    if (flows_max_ == 0 || flows_[number] * 100 < flows_max_ * nearly_full_percent) continue;
    warnings.push_back(
        fmt::format("the flow table of worker {} is nearly full: {} of {} entries; start the datapath with more "
                    "--flows-max",
                    number, flows_[number], flows_max_));
  }
  warn_of_drops(warnings);
  return warnings;
}

void DatapathWatch::warn_of_drops(std::vector<std::string>& warnings) const {
  if (looks_.empty() || looks_.back().time_ms - looks_.front().time_ms < recent_ms) return;
  const Look& now = looks_.back();
  const Look& oldest = looks_.front();
  const Look& middle = *std::find_if(looks_.rbegin(), looks_.rend(),
                                     [&](const Look& look) { return now.time_ms - look.time_ms >= recent_ms; });
  for (const ExitName& exit : exit_names()) {
    if (exit.kind != ExitKind::drop) continue;
    const std::uint64_t drops = now.exits[exit.exit] - middle.exits[exit.exit];
    const std::uint64_t recent = per_second(drops, now.time_ms - middle.time_ms);
    const std::uint64_t before =
        per_second(middle.exits[exit.exit] - oldest.exits[exit.exit], middle.time_ms - oldest.time_ms);
    const bool is_many =
        recent >= drops_per_second_min && drops * received_per_drop_max >= now.received - middle.received;
    if (is_many && recent >= 2 * before)
      warnings.push_back(fmt::format("drops are rising: {} {} a second in the last {} s, {} before", exit.name, recent,
                                     recent_ms / 1000, before));
  }
}

}  // namespace guideway
