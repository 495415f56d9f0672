// SPDX-License-Identifier: Apache-2.0
// Where the messages of DPDK's libraries go: during start-up they are kept, to explain a failure in our own sentence;
// afterwards they are logged. Only warnings and worse are let through at all.
#pragma once

#include <string>

namespace guideway {

// To be called before anything else of DPDK.
void capture_eal_log();
// What came since the last call, as a parenthesis to end a sentence with: " (DPDK: ...)", or nothing.
[[nodiscard]] std::string take_eal_explanation();
// Logs what came since the last call.
void log_eal_explanation();
// From now on everything is logged as it comes.
void pass_on_eal_log();

}  // namespace guideway
