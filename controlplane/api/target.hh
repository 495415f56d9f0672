// SPDX-License-Identifier: Apache-2.0
// The target of a request taken apart: "/v1/services/web?x=1" is the segments v1, services, web and the query x = 1.
// Percent-encoding is undone, strictly.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guideway {

struct Target {
  std::vector<std::string> segments;
  std::map<std::string, std::string> query;  // a key given twice has its last value

  // Nothing if it does not begin with "/" or is encoded wrongly.
  [[nodiscard]] static std::optional<Target> parse(std::string_view text);
};

}  // namespace guideway
