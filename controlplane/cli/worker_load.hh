// SPDX-License-Identifier: Apache-2.0
// What a worker's telemetry says between two looks: how busy it was, what a packet cost, how long packets took. Pure.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace guideway {

// How much a counter has grown. A datapath that was started anew counts from 0.
[[nodiscard]] double grown(const nlohmann::json& before, const nlohmann::json& now, const char* key);

// Each of two objects of `workers` in /v1/stats, the first one empty for all since the worker began. "-" where the
// datapath does not measure itself (XDP), or nothing happened.
[[nodiscard]] std::string busy_text(const nlohmann::json& before, const nlohmann::json& now);
[[nodiscard]] std::string cost_text(const nlohmann::json& before, const nlohmann::json& now);
// Packets a burst.
[[nodiscard]] std::string burst_text(const nlohmann::json& before, const nlohmann::json& now);
// What 99 of 100 timed bursts stayed below: "16 us".
[[nodiscard]] std::string latency_text(const nlohmann::json& before, const nlohmann::json& now);

}  // namespace guideway
