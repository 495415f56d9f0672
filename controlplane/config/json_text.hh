// SPDX-License-Identifier: Apache-2.0
// A whole configuration as JSON text, for what keeps it on disk: pool by pool on all cores, where the one large value
// that to_json(config) makes of 100,000 backends takes longer to build up and down than to write.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/config/schema.hh"

namespace guideway {

// Of values whose texts may come from outside: what is no UTF-8 is replaced.
[[nodiscard]] std::string json_text(const nlohmann::json& value);
// What json_text(to_json(config)) is, but for the order of keys.
[[nodiscard]] std::string json_text(const Config& config);
// The text of an object that is not empty, with one member more.
[[nodiscard]] std::string with_member(std::string object, std::string_view key, std::string_view value);

// The texts of configurations, each written once while this lives: one that is applied is archived, and saved as what
// the file says, what was applied and what runs.
class ConfigTexts {
 public:
  // Stays where it is as long as this lives.
  [[nodiscard]] const std::string& of(const Config& config);

 private:
  std::vector<std::pair<Config, std::unique_ptr<const std::string>>> written_;
};

}  // namespace guideway
