// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/backup_choice.hh"

#include "controlplane/config/backup_chain.hh"

namespace guideway {
namespace {

std::optional<std::string> first_with_quorum(const std::vector<std::string>& chain, const QuorumOf& quorum) {
  for (const std::string& pool : chain) {
    const std::optional<bool> met = quorum(pool);
    if (!met) return std::nullopt;
    if (*met) return pool;
  }
  return chain.front();
}

}  // namespace

const std::string& server_of(const Serving& serving, const std::string& pool) {
  const auto other = serving.find(pool);
  return other == serving.end() ? pool : other->second;
}

Serving choose_serving(const std::vector<PoolConfig>& pools, const Serving& before, const QuorumOf& quorum) {
  Serving result;
  const BackupPools backups = backup_pools(pools);
  for (const auto& [pool, backup] : backups) {
    const std::optional<std::string> chosen = first_with_quorum(backup_chain(backups, pool), quorum);
    const auto known = before.find(pool);
    if (chosen && *chosen != pool)
      result[pool] = *chosen;
    else if (!chosen && known != before.end())
      result[pool] = known->second;
  }
  return result;
}

}  // namespace guideway
