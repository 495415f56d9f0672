// SPDX-License-Identifier: Apache-2.0
// A pool that exists, as a draft to change: what a backend has of its pool is not its own, so that it follows the pool,
// as it would in a file. A backend that says what its pool says anyway is taken to say nothing.
#pragma once

#include <vector>

#include "controlplane/config/draft.hh"

namespace guideway {

class LooseDraft {
 public:
  LooseDraft(const PoolConfig& pool, const std::vector<ServiceConfig>& services, const BackupPools& backups);

  // To be changed; its backends as they are by themselves.
  [[nodiscard]] PoolDraft& draft() noexcept { return draft_; }
  // With what backends have of the pool.
  [[nodiscard]] PoolConfig settled(Reading& reading, const std::vector<ServiceConfig>& services,
                                   const BackupPools& backups) const;

 private:
  // Which keys a backend has of its pool.
  struct Follows {
    bool forward = false;
    bool gue_variant = false;
    bool gue_port = false;
    bool gre_key = false;
    bool mss_clamp = false;
    bool weight = false;
    bool checks = false;
  };
  [[nodiscard]] static Follows follows_of(const BackendConfig& backend, const BackendConfig& as_inherited,
                                          const BackendDefaults& defaults);
  PoolDraft draft_;
  std::vector<Follows> follows_;  // by backend
};

}  // namespace guideway
