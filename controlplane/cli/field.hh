// SPDX-License-Identifier: Apache-2.0
// Fields of an answer, read so that an older or newer daemon, which lacks one or has it in another type, costs a dash
// in a table and nothing else.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

namespace guideway {

// Any scalar as text; "-" where there is nothing.
[[nodiscard]] std::string text_field(const nlohmann::json& object, const char* key);
[[nodiscard]] std::uint64_t count_field(const nlohmann::json& object, const char* key);
[[nodiscard]] double real_field(const nlohmann::json& object, const char* key);
[[nodiscard]] bool flag_field(const nlohmann::json& object, const char* key);
// An empty array or object where there is none.
[[nodiscard]] const nlohmann::json& list_field(const nlohmann::json& object, const char* key);
[[nodiscard]] const nlohmann::json& object_field(const nlohmann::json& object, const char* key);

// In powers of 1000: "1.5 kB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
// "3 h 12 min", "45 s".
[[nodiscard]] std::string time_text(std::uint64_t seconds);

}  // namespace guideway
