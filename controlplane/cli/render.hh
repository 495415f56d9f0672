// SPDX-License-Identifier: Apache-2.0
// Answers of the daemon as text for people. Pure: JSON in, text out.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace guideway {

[[nodiscard]] std::string status_text(const nlohmann::json& status);
[[nodiscard]] std::string services_text(const nlohmann::json& services);
[[nodiscard]] std::string service_text(const nlohmann::json& service);
[[nodiscard]] std::string backends_text(const nlohmann::json& backends);
// One alone.
[[nodiscard]] std::string backend_text(const nlohmann::json& backend);
[[nodiscard]] std::string explanation_text(const nlohmann::json& explanation);
[[nodiscard]] std::string stats_text(const nlohmann::json& stats, bool all);
// {"changes":[{"kind","text"}]} with a sign in front of each line.
[[nodiscard]] std::string changes_text(const nlohmann::json& answer);
// {"warnings":[...]}, a line each; nothing without.
[[nodiscard]] std::string warnings_text(const nlohmann::json& answer);
// What an answer that is not 2xx says: one line, or one a mistake of a file.
[[nodiscard]] std::string error_text(const nlohmann::json& body, unsigned status);

}  // namespace guideway
