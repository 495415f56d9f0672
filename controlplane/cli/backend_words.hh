// SPDX-License-Identifier: Apache-2.0
// What is said of a backend in a cell or a line, from its JSON.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace guideway {

// "up", "up (panic)", "down (check failed)", "draining, leaving".
[[nodiscard]] std::string state_text(const nlohmann::json& backend);
// Of the check that decides: "http ok 0.9 ms". `backend`: whatever has a "check".
[[nodiscard]] std::string check_text(const nlohmann::json& backend);
// The layers, where one of them is against it; else empty.
[[nodiscard]] std::string layers_text(const nlohmann::json& backend);
// "gue 6080", "gre key 7".
[[nodiscard]] std::string forward_text(const nlohmann::json& backend);
[[nodiscard]] std::string next_hop_text(const nlohmann::json& backend);
[[nodiscard]] std::string share_text(const nlohmann::json& backend);

}  // namespace guideway
