// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/backup_chain.hh"

#include <algorithm>

namespace guideway {

BackupPools backup_pools(const std::vector<PoolConfig>& pools) {
  BackupPools result;
  for (const PoolConfig& pool : pools) {
    if (!pool.backup_pool.empty()) result[pool.name] = pool.backup_pool;
  }
  return result;
}

std::vector<std::string> backup_chain(const BackupPools& backups, const std::string& pool) {
  std::vector<std::string> chain{pool};
  for (auto next = backups.find(pool); next != backups.end(); next = backups.find(chain.back())) {
    if (std::find(chain.begin(), chain.end(), next->second) != chain.end()) break;
    chain.push_back(next->second);
  }
  return chain;
}

}  // namespace guideway
