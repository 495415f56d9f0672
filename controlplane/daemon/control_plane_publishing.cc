// SPDX-License-Identifier: Apache-2.0
// ControlPlane towards the datapath: what a snapshot is made of, when it may go, and what follows from its answer.
#include <algorithm>

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include "controlplane/daemon/clock.hh"
#include "controlplane/daemon/control_plane.hh"
#include "controlplane/daemon/log_value.hh"
#include "controlplane/daemon/snapshot_view.hh"
#include "controlplane/true_path/own_address.hh"

namespace guideway {

void ControlPlane::fit_ledger_to(const Capacities& capacities) {
  if (capacities.services_max == capacities_.services_max && capacities.backends_max == capacities_.backends_max)
    return;
  if (auto fits = ledger_.fit(capacities); !fits) {
    // The datapath will say the same when it is offered the snapshot; nothing is lost by asking it.
    spdlog::error("door event=too_small error={}", log_value(fits.error().message));
    return;
  }
  capacities_ = capacities;
}

std::shared_ptr<const Publication> ControlPlane::make_publication() {
  ++generation_;
  if (generation_ > generation_reserved_) {
    auto saved = save();
    if (!saved) spdlog::error("state error={}", log_value(saved.error().message));
  }
  // A publication of thousands of tables takes seconds, and ways that are found meanwhile have to wait for the next.
  watcher_->hold();
  auto publication = std::make_shared<Publication>();
  publication->reachability = ways_;
  publication->compiled = ledger_.recompile(generation_, ways_);
  return publication;
}

Result<ServiceCarrier::Way> ControlPlane::way_to(std::uint32_t index) {
  const HealthBoard::Entry* entry = board_.find(index);
  if (published_ != nullptr && rows_of_ != published_) {
    rows_ = backend_rows(published_->compiled);
    rows_of_ = published_;
  }
  const auto found = rows_.find(index);
  if (entry != nullptr && is_own_address(entry->record.config.address))
    return failure("the backend " + entry->record.config.address.text() +
                   " is this machine itself, to which the datapath sends nothing; check it without through = "
                   "\"service\"");
  if (entry == nullptr || found == rows_.end()) return failure("the datapath has no snapshot with this backend yet");
  const gw_backend* row = &found->second;
  const auto port =
      std::find_if(ports_.begin(), ports_.end(), [&](const DatapathPort& each) { return each.number == row->port; });
  if ((row->flags & GW_BACKEND_RESOLVED) == 0 || port == ports_.end() || port->kernel_face.empty())
    return failure("the datapath knows no way to it");
  ServiceCarrier::Way way;
  way.row = *row;
  way.interface = port->kernel_face;
  const auto hop = watcher_->find(entry->record.config.address);
  if (hop && hop->preferred_source != IpAddress{}) way.source = hop->preferred_source;
  return way;
}

bool ControlPlane::may_publish() const {
  // A snapshot that calls a living backend unresolved would cut off its flows: the kernel is given its second.
  for (const auto& [index, why] : reachability_.unresolved) {
    const HealthBoard::Entry* entry = board_.find(index);
    if (entry != nullptr && gw_health_is_alive(board_.word(index)) != 0 &&
        watcher_->undecided(entry->record.config.address)) {
      return false;
    }
  }
  return true;
}

void ControlPlane::publication_finished(const std::shared_ptr<const Publication>& publication,
                                        const PublishReport& report) {
  watcher_->go_on();
  meters_.published(report.outcome);
  if (report.outcome == PublishOutcome::rejected) {
    last_rejection_ = report.reason;
    spdlog::error("publish event=rejected generation={} reason={}", report.generation, log_value(report.reason));
    record("snapshot", fmt::format("the datapath refused snapshot {}: {}", report.generation, report.reason),
           {{"generation", report.generation}, {"accepted", false}});
    return;
  }
  if (report.outcome == PublishOutcome::connection_lost) {
    spdlog::warn("publish event=lost generation={} reason={}", report.generation, log_value(report.reason));
    return;
  }
  spdlog::info("publish event=accepted generation={} tables_sent={}", report.generation, report.tables_sent);
  record("snapshot", fmt::format("snapshot {} is in use", report.generation),
         {{"generation", report.generation}, {"accepted", true}});
  last_rejection_.clear();
  const auto ways_before = published_ == nullptr ? nullptr : published_->reachability;
  published_ = publication;
  if (ways_before == publication->reachability) return;
  // Only now does the datapath know the way to what was resolved, so only now may it be chosen.
  const std::int64_t now_ms = steady_ms();
  const std::size_t known = ways_before == nullptr ? 0 : ways_before->size();
  if (publication->reachability->size() > known + MassEvents::single_max) mass_.emplace();
  for (const auto& [index, reach] : *publication->reachability) {
    if (reachability_.resolved.count(index) != 0) board_.set_resolved(index, true, now_ms);
  }
  tell_mass();
}

}  // namespace guideway
