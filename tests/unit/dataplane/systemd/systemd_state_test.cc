// SPDX-License-Identifier: Apache-2.0
#include "dataplane/systemd/systemd_state.hh"

#include <gtest/gtest.h>

#include "tests/support/notify_socket.hh"

namespace guideway {
namespace {

TEST(SystemdState, TellsWhatHappens) {
  testing_support::NotifySocket manager;
  manager.announce();
  ::unsetenv("WATCHDOG_USEC");
  SystemdState state;
  state.status("12 of 14 backends up");
  state.status("12 of 14 backends up");
  state.ready();
  state.reloading();
  state.stopping();
  EXPECT_EQ(manager.next(), "STATUS=12 of 14 backends up");
  EXPECT_EQ(manager.next(), "READY=1") << "the same status is not told twice";
  EXPECT_EQ(manager.next().rfind("RELOADING=1\nMONOTONIC_USEC=", 0), 0U);
  EXPECT_EQ(manager.next(), "STOPPING=1");
}

TEST(SystemdState, TheWatchdogHearsTwiceAsOftenAsItMust) {
  testing_support::NotifySocket manager;
  manager.announce();
  ::setenv("WATCHDOG_USEC", "1000000", 1);
  ::unsetenv("WATCHDOG_PID");
  SystemdState state;
  EXPECT_EQ(state.watchdog_us(), 1'000'000);
  for (std::int64_t now_us = 10'000'000; now_us < 12'000'000; now_us += 10'000) state.alive(now_us);
  int heard = 0;
  while (manager.next(0) == "WATCHDOG=1") ++heard;
  EXPECT_EQ(heard, 4);
  ::unsetenv("WATCHDOG_USEC");
}

TEST(SystemdState, WithoutAManagerNothingHappens) {
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("WATCHDOG_USEC");
  SystemdState state;
  state.ready();
  state.alive(1);
  EXPECT_EQ(state.watchdog_us(), 0);
}

}  // namespace
}  // namespace guideway
