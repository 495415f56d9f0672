// SPDX-License-Identifier: Apache-2.0
// validate_change(): of a configuration of thousands of services, what one change can have made wrong.
#include <algorithm>
#include <set>
#include <string>

#include "controlplane/config/validate.hh"

namespace guideway {
namespace {

bool has_l3dsr(const PoolConfig& pool) {
  return pool.defaults->forward == Forward::l3dsr ||
         std::any_of(pool.backends.begin(), pool.backends.end(),
                     [](const BackendConfig& backend) { return backend.forward == Forward::l3dsr; });
}

// The part of `next` that decides whether it is right, given that `before` is: the pools that differ and the services
// that use them. All of it if that is not certain: services differ, pools came or went, pools stand in for each other,
// or a DSCP, which means something beyond its pool, may be in play.
Config decisive_part(const Config& before, const Config& next) {
  const SharedList<PoolConfig>& pools = next.pools;
  if (!(before.services == next.services) || before.pools.size() != pools.size()) return next;
  Config part = next;
  part.pools.clear();
  part.services.clear();
  std::set<std::string> names;
  std::size_t backends = 0;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const PoolConfig& known = before.pools[i];
    if (known.name != pools[i].name) return next;
    backends += pools[i].backends.size();
    if (!known.backup_pool.empty() || !pools[i].backup_pool.empty()) return next;
    if (known == pools[i]) continue;
    if (has_l3dsr(known) || has_l3dsr(pools[i])) return next;
    part.pools.push_back(pools[i]);
    names.insert(pools[i].name);
  }
  if (backends > GW_BACKENDS_MAX) return next;
  for (const ServiceConfig& service : next.services) {
    if (names.count(service.pool) != 0) part.services.push_back(service);
  }
  return part;
}

}  // namespace

Result<void> validate_change(const Config& before, const Config& next) { return validate(decisive_part(before, next)); }

}  // namespace guideway
