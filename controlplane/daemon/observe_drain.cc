// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/observe_drain.hh"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace guideway {

nlohmann::json drain_json(const DrainWatch& drains, const std::vector<Edit>& edits, const BackendKey& key,
                          std::uint32_t index, const Clocks& now) {
  const auto quiet_ms = drains.quiet_ms(index, now.steady_ms);
  nlohmann::json result{{"quiet_ms", quiet_ms ? nlohmann::json(*quiet_ms) : nlohmann::json(nullptr)},
                        {"ends_in_ms", nullptr},
                        {"then", nullptr}};
  for (const Edit& edit : edits) {
    const auto* state = std::get_if<BackendState>(&edit);
    if (state == nullptr || state->pool != key.pool || state->name != key.name || state->end.until_ms == 0) continue;
    result["ends_in_ms"] = std::max<std::int64_t>(state->end.until_ms - now.lasting_ms, 0);
    result["then"] = state->end.removes ? "removed" : "disabled";
  }
  return result;
}

}  // namespace guideway
