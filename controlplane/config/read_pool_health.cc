// SPDX-License-Identifier: Apache-2.0
// What becomes of the health of a pool's backends: flapping, panic, quorum, load.
#include <fmt/core.h>

#include "controlplane/config/draft.hh"
#include "controlplane/config/duration.hh"

namespace guideway {

void read_pool_health(TableReader& reader, PoolHealthConfig& health) {
  health.flap_hold_ms = reader.duration_ms("flap_hold", 0, 3'600'000).value_or(health.flap_hold_ms);
  health.flap_hold_max_ms = reader.duration_ms("flap_hold_max", 1000, 86'400'000).value_or(health.flap_hold_max_ms);
  if (health.flap_hold_ms > health.flap_hold_max_ms)
    reader.fail(reader.has("flap_hold") ? "flap_hold" : "flap_hold_max",
                fmt::format("a first hold of {} is longer than the longest of {}; give a flap_hold up to flap_hold_max",
                            duration_text(health.flap_hold_ms), duration_text(health.flap_hold_max_ms)));
  health.panic_percent =
      reader.integer("panic_percent", 0, 100, "a percentage from 0 (never) to 100").value_or(health.panic_percent);
  health.quorum = reader.integer("quorum", 1, 65535, "a number of backends from 1 to 65535").value_or(health.quorum);
  health.load_feedback = reader
                             .choice<LoadFeedbackKind>("load_feedback", {{"off", LoadFeedbackKind::off},
                                                                         {"latency", LoadFeedbackKind::latency}})
                             .value_or(health.load_feedback);
  health.quorum_up = read_command(reader, "quorum_up").value_or(health.quorum_up);
  health.quorum_down = read_command(reader, "quorum_down").value_or(health.quorum_down);
  health.quorum_hook_timeout_ms =
      reader.duration_ms("quorum_hook_timeout", 100, 600'000).value_or(health.quorum_hook_timeout_ms);
}

}  // namespace guideway
