// SPDX-License-Identifier: Apache-2.0
// Parsed JSON to a Tree. A value that JSON has and configurations have not becomes one that every reader refuses.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "controlplane/config/tree.hh"
#include "dataplane/base/result.hh"

namespace guideway {

// Fails if it nests deeper than any configuration does.
[[nodiscard]] Result<Tree> tree_of_json(const nlohmann::json& document);

}  // namespace guideway
