// SPDX-License-Identifier: Apache-2.0
// Health changes for a replay, one a line, in order of time:
//   SECONDS set POOL BACKEND up|draining|down [share 0..65535]
// Empty lines and lines that begin with # are skipped. A change applies before the first packet at or after its time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/compile/ledger.hh"
#include "dataplane/base/result.hh"

namespace guideway {

struct HealthEvent {
  double at_seconds = 0;  // since the first packet
  std::uint32_t backend = 0;
  std::uint64_t word = 0;
};

[[nodiscard]] Result<std::vector<HealthEvent>> read_health_events(const std::string& path, const Ledger& ledger);

}  // namespace guideway
