// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/publisher.hh"

#include <utility>

namespace guideway {

void Publisher::soon() {
  is_wanted_ = true;
  if (!is_under_way_) start_after(coalesce);
}

void Publisher::now(Done done) {
  is_wanted_ = true;
  if (done) waiting_.push_back(std::move(done));
  start();
}

void Publisher::start_after(std::chrono::milliseconds delay) {
  if (is_timed_) return;
  is_timed_ = true;
  timer_.expires_after(delay);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    is_timed_ = false;
    start();
  });
}

void Publisher::start() {
  if (is_under_way_ || !is_wanted_) return;
  if (door_.datapath() == nullptr) {
    // Whoever opens the door publishes everything.
    is_wanted_ = false;
    for (Done& done : std::exchange(waiting_, {})) {
      done({PublishOutcome::connection_lost, "no datapath is connected", 0, 0});
    }
    return;
  }
  if (!hooks_.ready()) return start_after(coalesce);
  is_wanted_ = false;
  is_under_way_ = true;
  std::shared_ptr<const Publication> publication = hooks_.make();
  door_.publish({publication, &publication->compiled},
                [this, publication, waiting = std::exchange(waiting_, {})](const PublishReport& report) {
                  is_under_way_ = false;
                  hooks_.finished(publication, report);
                  for (const Done& done : waiting) done(report);
                  start();
                });
}

}  // namespace guideway
