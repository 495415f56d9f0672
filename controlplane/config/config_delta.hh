// SPDX-License-Identifier: Apache-2.0
// What differs between two configurations, as JSON as small as the change: pools and services that are new or other,
// whole; names of those that are gone; and every single setting, which are few. With what it began from it gives the
// second configuration again, so a change of one service among thousands is written in a few hundred bytes.
#pragma once

#include <optional>

#include <nlohmann/json.hpp>

#include "controlplane/config/schema.hh"
#include "dataplane/base/result.hh"

namespace guideway {

[[nodiscard]] nlohmann::json delta_json(const Config& from, const Config& to);
// The same, if what differs is less than half of the second one, by backends and services: more is as well written
// whole.
[[nodiscard]] std::optional<nlohmann::json> small_delta_json(const Config& from, const Config& to);
[[nodiscard]] Result<Config> with_delta(const Config& from, const nlohmann::json& delta);

}  // namespace guideway
