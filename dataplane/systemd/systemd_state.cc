// SPDX-License-Identifier: Apache-2.0
#include "dataplane/systemd/systemd_state.hh"

#include <systemd/sd-daemon.h>

#include <ctime>

namespace guideway {

SystemdState::SystemdState() {
  std::uint64_t watchdog_us = 0;
  if (::sd_watchdog_enabled(0, &watchdog_us) > 0) watchdog_us_ = static_cast<std::int64_t>(watchdog_us);
}

void SystemdState::ready() { ::sd_notify(0, "READY=1"); }

void SystemdState::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t now_us = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  ::sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now_us)).c_str());
}

void SystemdState::stopping() { ::sd_notify(0, "STOPPING=1"); }

void SystemdState::status(const std::string& line) {
  if (line == last_status_) return;
  last_status_ = line;
  ::sd_notify(0, ("STATUS=" + line).c_str());
}

void SystemdState::alive(std::int64_t now_us) {
  if (watchdog_us_ == 0 || (last_told_us_ != 0 && now_us - last_told_us_ < watchdog_us_ / 2)) return;
  last_told_us_ = now_us;
  ::sd_notify(0, "WATCHDOG=1");
}

}  // namespace guideway
