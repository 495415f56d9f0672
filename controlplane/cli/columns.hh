// SPDX-License-Identifier: Apache-2.0
// The list in an answer as a table of the keys that somebody chose. Pure.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "dataplane/base/result.hh"

namespace guideway {

// `keys` are those of --json; "check.last" is a key in a key.
[[nodiscard]] Result<std::string> columns_text(const nlohmann::json& answer, const std::vector<std::string>& keys);

}  // namespace guideway
