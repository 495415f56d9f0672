// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/loose_draft.hh"

#include <utility>

namespace guideway {
namespace {

bool has_same_checks(const BackendConfig& one, const BackendConfig& other) {
  return one.check == other.check && one.further_checks == other.further_checks && one.checks == other.checks;
}

// Ports that follow from the backend's or the service's are open again.
void open_ports(BackendDraft& draft, const PoolConfig& pool, std::uint16_t port_of_itself) {
  if (pool.defaults.check.port != 0 || port_of_itself == 0) return;
  for (CheckDraft& check : draft.checks.list) {
    if (check.config.port == port_of_itself) check.config.port = 0;
  }
}

}  // namespace

LooseDraft::LooseDraft(const PoolConfig& pool, const std::vector<ServiceConfig>& services, const BackupPools& backups)
    : draft_(draft_of(pool)) {
  // What the backends would be if none had checks of its own.
  PoolDraft inheriting = draft_;
  for (BackendDraft& backend : inheriting.backends) backend.checks = draft_.checks;
  Reading ignored;
  const PoolConfig inherited = resolve(ignored, inheriting, services, backups);
  const BackendDefaults& defaults = pool.defaults;
  for (std::size_t i = 0; i < draft_.backends.size(); ++i) {
    const BackendConfig& backend = draft_.backends[i].config;
    const BackendConfig& as_inherited = inherited.backends[i];
    follows_.push_back(
        {backend.forward == defaults.forward && backend.tunnel == guideway::settled(defaults.tunnel, backend.forward),
         backend.weight == defaults.weight, has_same_checks(backend, as_inherited)});
    if (follows_.back().checks)
      draft_.backends[i].checks = draft_.checks;
    else
      open_ports(draft_.backends[i], pool, as_inherited.check.port);
  }
}

PoolConfig LooseDraft::settled(Reading& reading, const std::vector<ServiceConfig>& services,
                               const BackupPools& backups) const {
  PoolDraft draft = draft_;
  for (std::size_t i = 0; i < draft.backends.size(); ++i) {
    BackendDraft& backend = draft.backends[i];
    if (follows_[i].forward) {
      backend.config.forward = draft.config.defaults.forward;
      backend.config.tunnel = draft.config.defaults.tunnel;
    }
    if (follows_[i].weight) backend.config.weight = draft.config.defaults.weight;
    if (follows_[i].checks) backend.checks = draft.checks;
  }
  return resolve(reading, draft, services, backups);
}

}  // namespace guideway
