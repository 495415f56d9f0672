// SPDX-License-Identifier: Apache-2.0
// What the API shows of the health of a backend, layer by layer, and of a pool.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/daemon/health_board.hh"

namespace guideway {

// Adds "check", "operational", "agent" and what else there is to say: "held_ms", "falls".
void add_health(const HealthBoard::Entry& entry, std::int64_t now_ms, nlohmann::json& to);
// A sentence where the state alone leaves a question open; else empty.
[[nodiscard]] std::string health_detail(const HealthBoard::Entry& entry, std::int64_t now_ms);
// Null for a pool that is not known.
[[nodiscard]] nlohmann::json pool_health_json(const HealthBoard::Pool* pool);

}  // namespace guideway
