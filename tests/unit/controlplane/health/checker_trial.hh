// SPDX-License-Identifier: Apache-2.0
// A checker before its real server and before each way in which that can fail; every failure has its own sentence.
#pragma once

#include <string>

#include "controlplane/config/schema.hh"
#include "tests/unit/controlplane/health/real_server.hh"

namespace guideway {

struct CheckerTrial {
  std::string program;  // without it the trial is skipped
  RealSetup server;
  CheckConfig check;
  std::string passes;       // what it says of the real server
  std::string silence;      // what is missing when the server hangs or is slow: "no <silence> within 200 ms"
  std::string wrong_words;  // what a server of something else says at once
  std::string wrong;        // and the sentence on that
};

void try_checker(const CheckerTrial& trial);

}  // namespace guideway
