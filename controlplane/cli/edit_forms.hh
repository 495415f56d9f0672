// SPDX-License-Identifier: Apache-2.0
// Short forms that people type, as the JSON that the API takes: "10.0.0.1,weight=5", "http:/healthz,interval=1s",
// "POOL/NAME". Whether the values make sense, the daemon says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "dataplane/base/result.hh"

namespace guideway {

// "ADDRESS[:CHECKPORT][,key=value]..." with the keys of a backend.
[[nodiscard]] Result<nlohmann::json> backend_form(std::string_view text);
// "tcp", "none" or "http:/path", each followed by [,key=value]... with the keys of a check.
[[nodiscard]] Result<nlohmann::json> check_form(std::string_view text);
// "80", "8000-8100" or "any".
[[nodiscard]] Result<nlohmann::json> port_form(std::string_view text);

struct BackendName {
  std::string pool;
  std::string name;
};
// {"POOL", "NAME"} or {"POOL/NAME"}.
[[nodiscard]] Result<BackendName> backend_name_form(const std::vector<std::string>& words);
[[nodiscard]] Result<std::uint32_t> number_form(std::string_view text, std::string_view what);

}  // namespace guideway
