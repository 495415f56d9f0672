// SPDX-License-Identifier: Apache-2.0
// A program that was started in a process group of its own, with its output in a pipe.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {

struct ChildProgram {
  pid_t process = 0;
  UniqueFd ended;   // readable once it has ended (a pidfd)
  UniqueFd output;  // what it writes to its output and error output; not blocking
};

// The reason why the program must not be run; empty: it may.
[[nodiscard]] std::string refusal_of(const std::string& program);
// `environment` is all of it.
[[nodiscard]] Result<ChildProgram> start_child(const std::vector<std::string>& words,
                                               const std::vector<std::string>& environment);
[[nodiscard]] bool has_ended(const ChildProgram& child);
// Kills its group, and takes its end off the kernel's hands: the wait status. Only once it has ended: until then its
// number, and its group's, are nobody else's.
[[nodiscard]] int reap(const ChildProgram& child);
void kill_group(const ChildProgram& child);

}  // namespace guideway
