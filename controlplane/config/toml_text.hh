// SPDX-License-Identifier: Apache-2.0
// A configuration as the text of a TOML file: load_config_text(toml_text(to_json(config))) is config again.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace guideway {

// Keys in order, single values before tables; lists of tables at the top as [[name]], all else in one line each.
[[nodiscard]] std::string toml_text(const nlohmann::json& config);

}  // namespace guideway
