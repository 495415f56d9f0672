// SPDX-License-Identifier: Apache-2.0
// What no single value can tell: names and addresses given twice, pools that are missing, weights that add up to
// nothing, tables too small, limits. Every Config is held to this, whether it was read or edited.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/schema.hh"
#include "dataplane/base/result.hh"

namespace guideway {

struct Finding {
  std::string key;  // "service.web.pool", "pool.web.backends[a].weight"
  std::string message;
};

[[nodiscard]] std::vector<Finding> cross_check(const Config& config);
// The same as one sentence.
[[nodiscard]] Result<void> validate(const Config& config);
// Of a configuration that follows on one that is valid: what did not change is not looked at again.
[[nodiscard]] Result<void> validate_change(const Config& before, const Config& next);
// Services and pools by name, the backends of a pool by name: the order that a Config promises.
// `sorted`: what shares its lists is in order already.
void sort_by_name(Config& config, const Config& sorted = {});

// Single values that more than one reader checks.
[[nodiscard]] bool is_prime(std::uint32_t number) noexcept;
// 1 to 64 of A-Z a-z 0-9 . _ - : and so neither a path nor a query nor a table can be confused by one.
[[nodiscard]] bool is_name(std::string_view text) noexcept;

}  // namespace guideway
