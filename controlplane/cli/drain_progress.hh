// SPDX-License-Identifier: Apache-2.0
// How far a drain is, read from the API's list of backends: what `--wait` prints and when it ends. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace guideway {

struct DrainProgress {
  std::string text;             // "web/b1: 12 remembered flows, quiet for 3 s"; a line each
  std::size_t drained = 0;      // nothing remembered, and quiet long enough; or gone
  std::size_t under_way = 0;    // still draining
  std::size_t interrupted = 0;  // no longer draining, for whatever reason
};

// `backends`: those that the API lists. `names`: POOL/NAME of those that were asked to drain.
[[nodiscard]] DrainProgress drain_progress(const nlohmann::json& backends, const std::vector<std::string>& names,
                                           std::int64_t quiet_ms);
// POOL/NAME of all that drain now and fit: a pool's, an address's, or one's own; an empty text fits all.
struct DrainSelector {
  std::string pool;
  std::string name;
  std::string address;
};
[[nodiscard]] std::vector<std::string> draining_names(const nlohmann::json& backends, const DrainSelector& selector);

}  // namespace guideway
