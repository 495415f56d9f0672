// SPDX-License-Identifier: Apache-2.0
// Who serves in a pool's place when it cannot: its backup pool, that one's, and so on.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controlplane/config/schema.hh"

namespace guideway {

using BackupPools = std::map<std::string, std::string>;  // of pools that have one

[[nodiscard]] BackupPools backup_pools(const std::vector<PoolConfig>& pools);
// The pool itself, then its backups in order; a circle ends before it repeats.
[[nodiscard]] std::vector<std::string> backup_chain(const BackupPools& backups, const std::string& pool);

}  // namespace guideway
