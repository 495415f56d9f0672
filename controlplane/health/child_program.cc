// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/child_program.hh"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace guideway {
namespace {

std::string error_text(int error) { return std::generic_category().message(error); }

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> result;
  result.reserve(words.size() + 1);
  for (const std::string& word : words) result.push_back(const_cast<char*>(word.c_str()));
  result.push_back(nullptr);
  return result;
}

// What the child begins with: no signal blocked or ignored, a group of its own, /, nothing to read.
class Beginning {
 public:
  explicit Beginning(int output) {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, 1);
    ::posix_spawn_file_actions_adddup2(&actions, output, 2);
    ::posix_spawn_file_actions_addchdir_np(&actions, "/");
  }
  Beginning(const Beginning&) = delete;
  Beginning& operator=(const Beginning&) = delete;
  ~Beginning() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

}  // namespace

std::string refusal_of(const std::string& program) {
  struct stat status {};
  if (::stat(program.c_str(), &status) != 0) return program + ": " + error_text(errno);
  if (!S_ISREG(status.st_mode)) return program + " is not a file";
  const bool is_ours = status.st_uid == 0 || status.st_uid == ::geteuid();
  if (!is_ours || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return program + " could be changed by others; let it belong to root, with nobody else allowed to write";
  return "";
}

Result<ChildProgram> start_child(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return failure("no pipe: " + error_text(errno));
  ChildProgram child;
  child.output = UniqueFd(pipe[0]);
  const UniqueFd output(pipe[1]);
  ::fcntl(child.output.get(), F_SETFL, O_NONBLOCK);
  const Beginning beginning(output.get());
  const int error = ::posix_spawn(&child.process, words.front().c_str(), &beginning.actions, &beginning.attributes,
                                  pointers(words).data(), pointers(environment).data());
  if (error != 0) return failure("cannot run " + words.front() + ": " + error_text(error));
  child.ended = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, child.process, 0)));
  if (child.ended.get() >= 0) return child;
  const int no_pidfd = errno;
  kill_group(child);
  static_cast<void>(::waitpid(child.process, nullptr, 0));
  return failure("cannot watch " + words.front() + ": " + error_text(no_pidfd));
}

void kill_group(const ChildProgram& child) { static_cast<void>(::kill(-child.process, SIGKILL)); }

bool has_ended(const ChildProgram& child) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child.process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

int reap(const ChildProgram& child) {
  kill_group(child);
  int status = 0;
  while (::waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace guideway
