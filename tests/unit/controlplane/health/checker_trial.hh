// SPDX-License-Identifier: Apache-2.0
// A checker before its real server and before each way in which that can fail; every failure has its own sentence.
#pragma once

#include <cstdint>
#include <string>

#include "controlplane/config/schema.hh"
#include "controlplane/health/start_probe.hh"
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

// For what comes, and for what does not.
inline constexpr std::uint32_t patient_ms = 20'000;
inline constexpr std::uint32_t short_ms = 200;

// So much time has the check, whatever it says itself.
[[nodiscard]] CheckTarget target_within(CheckConfig check, std::uint16_t port, std::uint32_t timeout_ms,
                                        const std::string& address = "127.0.0.1");

}  // namespace guideway
