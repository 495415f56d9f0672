// SPDX-License-Identifier: Apache-2.0
// How one intent becomes the next, as JSON as small as the change. Configuration file and applied configuration are not
// in it: whoever changes those saves the intent whole.
#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/model/intent.hh"
#include "dataplane/base/result.hh"

namespace guideway {

// Whether a step can say it.
[[nodiscard]] bool is_step(const Intent& from, const Intent& to);
[[nodiscard]] nlohmann::json step_json(const Intent& from, const Intent& to);
[[nodiscard]] Result<void> take_step(Intent& intent, const nlohmann::json& step);

// Of the edits alone. Throws what nlohmann::json and std::vector::at() throw.
[[nodiscard]] nlohmann::json edits_step(const std::vector<Edit>& from, const std::vector<Edit>& to);
[[nodiscard]] Result<std::vector<Edit>> with_edits_step(const std::vector<Edit>& from, const nlohmann::json& step);

}  // namespace guideway
