// SPDX-License-Identifier: Apache-2.0
// What the service manager is told (sd_notify): ready, alive, what goes on, reloading, leaving. Without systemd,
// that is without NOTIFY_SOCKET, nothing happens.
#pragma once

#include <cstdint>
#include <string>

namespace guideway {

class SystemdState {
 public:
  // Asks the environment whether a watchdog waits for us.
  SystemdState();

  void ready();
  void reloading();  // ready() ends it
  void stopping();
  // One line for `systemctl status`; told only when it has changed.
  void status(const std::string& line);

  // To be called from the loop that must not hang, as often as is convenient: tells that it lives twice as often as the
  // watchdog wants to hear it. `now_us` is monotonic time.
  void alive(std::int64_t now_us);
  // 0: nobody waits for us.
  [[nodiscard]] std::int64_t watchdog_us() const noexcept { return watchdog_us_; }

 private:
  std::int64_t watchdog_us_ = 0;
  std::int64_t last_told_us_ = 0;
  std::string last_status_;
};

}  // namespace guideway
