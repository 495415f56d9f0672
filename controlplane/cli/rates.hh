// SPDX-License-Identifier: Apache-2.0
// What `top` shows: the difference between two answers of /v1/stats, a second. Pure.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace guideway {

// Of services and backends the `rows_max` busiest each.
[[nodiscard]] std::string rates_text(const nlohmann::json& before, const nlohmann::json& now, double seconds,
                                     std::size_t rows_max);

}  // namespace guideway
