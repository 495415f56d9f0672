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
  if (pool.defaults->check.port != 0 || port_of_itself == 0) return;
  for (CheckDraft& check : draft.checks.list) {
    if (check.config.port == port_of_itself) check.config.port = 0;
  }
}

}  // namespace

LooseDraft::Follows LooseDraft::follows_of(const BackendConfig& backend, const BackendConfig& as_inherited,
                                           const BackendDefaults& defaults) {
  const TunnelConfig own = backend.tunnel;
  const TunnelConfig of_pool = guideway::settled(defaults.tunnel, backend.forward);
  // That it has no key, where its pool has one, a backend cannot say.
  const bool has_key_of_pool = !own.gre_key || own.gre_key == of_pool.gre_key;
  return {backend.forward == defaults.forward,   own.gue_variant == of_pool.gue_variant,
          own.gue_port == of_pool.gue_port,      has_key_of_pool,
          own.mss_clamp == of_pool.mss_clamp,    backend.weight == defaults.weight,
          has_same_checks(backend, as_inherited)};
}

LooseDraft::LooseDraft(const PoolConfig& pool, const std::vector<ServiceConfig>& services, const BackupPools& backups)
    : draft_(draft_of(pool)) {
  // What the backends would be if none had checks of its own.
  PoolDraft inheriting = draft_;
  for (BackendDraft& backend : inheriting.backends) backend.checks = draft_.checks;
  Reading ignored;
  const PoolConfig inherited = resolve(ignored, std::move(inheriting), services, backups);
  for (std::size_t i = 0; i < draft_.backends.size(); ++i) {
    const BackendConfig& as_inherited = inherited.backends[i];
    follows_.push_back(follows_of(draft_.backends[i].config, as_inherited, *pool.defaults));
    if (follows_.back().checks)
      draft_.backends[i].checks = draft_.checks;
    else
      open_ports(draft_.backends[i], pool, as_inherited.check.port);
  }
}

PoolConfig LooseDraft::settled(Reading& reading, const std::vector<ServiceConfig>& services,
                               const BackupPools& backups) const {
  PoolDraft draft = draft_;
  const BackendDefaults& of_pool = *draft.config.defaults;
  for (std::size_t i = 0; i < draft.backends.size(); ++i) {
    BackendDraft& backend = draft.backends[i];
    TunnelConfig& tunnel = backend.config.tunnel;
    if (follows_[i].forward) backend.config.forward = of_pool.forward;
    if (follows_[i].gue_variant) tunnel.gue_variant = of_pool.tunnel.gue_variant;
    if (follows_[i].gue_port) tunnel.gue_port = of_pool.tunnel.gue_port;
    if (follows_[i].gre_key) tunnel.gre_key = of_pool.tunnel.gre_key;
    if (follows_[i].mss_clamp) tunnel.mss_clamp = of_pool.tunnel.mss_clamp;
    if (follows_[i].weight) backend.config.weight = of_pool.weight;
    if (follows_[i].checks) backend.checks = draft.checks;
  }
  return resolve(reading, std::move(draft), services, backups);
}

}  // namespace guideway
