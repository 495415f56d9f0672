// SPDX-License-Identifier: Apache-2.0
// `guideway replay`: what the command line says, done.
#pragma once

#include <string>

#include "controlplane/replay/replay.hh"

namespace guideway {

struct ReplayCommand {
  std::string config;
  ReplayOptions options;
  bool json = false;
};

// Prints the report to standard output, or what is wrong to standard error. Returns the exit status: 0 or 1.
[[nodiscard]] int run_replay(const ReplayCommand& command);

}  // namespace guideway
