// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/heartbeat.hh"

#include <algorithm>
#include <chrono>

#include "controlplane/daemon/clock.hh"

namespace guideway {

void Heartbeat::beat() {
  systemd_.status(status_());
  systemd_.alive(steady_ms() * 1000);
  // At half the watchdog's time one beat could be late by all that the loop was busy with; so more often.
  const auto interval = std::chrono::milliseconds(
      systemd_.watchdog_us() == 0 ? 1000 : std::clamp<std::int64_t>(systemd_.watchdog_us() / 4000, 50, 1000));
  timer_.expires_after(interval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) beat();
  });
}

}  // namespace guideway
