// SPDX-License-Identifier: Apache-2.0
// Which core runs what: a polling worker takes a whole core, housekeeping (the main thread) wants one beside them and
// shares one where there is none. Pure: the cores that the process may use are an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"

namespace guideway {

struct CoreWishes {
  std::uint32_t worker_count = 1;
  std::vector<unsigned> worker_cores;  // one a worker, in order; empty: chosen here
  std::optional<unsigned> main_core;
};

struct CorePlan {
  unsigned main_core = 0;
  std::vector<unsigned> worker_cores;
};

[[nodiscard]] Result<CorePlan> plan_cores(const CoreWishes& wishes, const std::vector<unsigned>& available);

// "1,3-5" -> 1 3 4 5.
[[nodiscard]] Result<std::vector<unsigned>> parse_core_list(const std::string& text);

// The cores that this process may run on.
[[nodiscard]] std::vector<unsigned> available_cores();

}  // namespace guideway
