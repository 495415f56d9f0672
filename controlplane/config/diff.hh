// SPDX-License-Identifier: Apache-2.0
// What changes from one configuration to another, in words that an operator can check before saying yes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/config/schema.hh"

namespace guideway {

enum class ChangeKind { added, removed, changed };
[[nodiscard]] std::string_view name_of(ChangeKind kind);  // "added", "removed", "changed"

struct Change {
  ChangeKind kind = ChangeKind::changed;
  std::string text;  // "pool web: backend 10.0.0.2 weight 1 -> 5"

  [[nodiscard]] std::string line() const;  // with the sign in front: "~ pool web: ..."
  friend bool operator==(const Change&, const Change&) = default;
};

// The hash key is named when it changes, never shown.
[[nodiscard]] std::vector<Change> diff(const Config& from, const Config& to);
[[nodiscard]] nlohmann::json to_json(const Change& change);  // {"kind","text"}

}  // namespace guideway
