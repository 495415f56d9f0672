// SPDX-License-Identifier: Apache-2.0
// Which pool serves in whose place: the first of a pool and its backups that has its quorum. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/config/schema.hh"

namespace guideway {

// By the pool in whose place; those that are not named serve themselves.
using Serving = std::map<std::string, std::string>;
[[nodiscard]] const std::string& server_of(const Serving& serving, const std::string& pool);

// Nothing: not known yet.
using QuorumOf = std::function<std::optional<bool>(const std::string& pool)>;

// `before` is what serves now: as long as it is not known how a pool does, it stays. If nobody has a quorum the pool
// itself serves, with whatever is left of it.
[[nodiscard]] Serving choose_serving(const std::vector<PoolConfig>& pools, const Serving& before,
                                     const QuorumOf& quorum);

}  // namespace guideway
