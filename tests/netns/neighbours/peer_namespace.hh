// SPDX-License-Identifier: Apache-2.0
// A second network namespace, held by a child process and gone with it.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

namespace guideway {

inline void run(const std::string& command) {
  ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT: commands are the test's own
}

// A child in a network namespace of its own, until the object ends.
class PeerNamespace {
 public:
  PeerNamespace() {
    int ready[2] = {-1, -1};
    if (::pipe(ready) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const char verdict = ::unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
      static_cast<void>(!::write(ready[1], &verdict, 1));
      for (;;) ::pause();
    }
    char verdict = 'n';
    static_cast<void>(!::read(ready[0], &verdict, 1));
    works_ = verdict == 'y';
    ::close(ready[0]);
    ::close(ready[1]);
  }
  PeerNamespace(const PeerNamespace&) = delete;
  PeerNamespace& operator=(const PeerNamespace&) = delete;
  ~PeerNamespace() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] bool works() const { return works_; }
  [[nodiscard]] std::string pid() const { return std::to_string(pid_); }
  void run_inside(const std::string& command) const { run("nsenter -t " + pid() + " -n sh -c '" + command + "'"); }

 private:
  pid_t pid_ = -1;
  bool works_ = false;
};

}  // namespace guideway
