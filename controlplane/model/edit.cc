// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/edit.hh"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/config/edited.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/validate.hh"

namespace guideway {
namespace {

constexpr std::uint32_t weight_max = 65535;

template <typename List>
auto find_named(List& list, const std::string& name) {
  return std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.name == name; });
}

Result<PoolConfig*> pool_of(Config& config, const std::string& name) {
  auto pool = find_named(config.pools, name);
  if (pool == config.pools.end()) return failure("there is no pool \"" + name + "\"");
  return &*pool;
}

Result<BackendConfig*> backend_of(Config& config, const std::string& pool_name, const std::string& name) {
  auto pool = pool_of(config, pool_name);
  if (!pool) return failure_of(pool);
  auto backend = find_named((*pool)->backends, name);
  if (backend == (*pool)->backends.end()) return failure("pool \"" + pool_name + "\" has no backend \"" + name + "\"");
  return &*backend;
}

Result<nlohmann::json> parsed(const std::string& keys) {
  auto json = nlohmann::json::parse(keys, nullptr, false);
  if (json.is_discarded()) return failure("the edit's keys are not JSON");
  return json;
}

Result<void> apply(Config& config, const ServiceAdd& edit) {
  auto json = parsed(edit.keys);
  if (!json) return failure_of(json);
  auto added = service_from_json(*json, config);
  if (!added) return failure_of(added);
  if (find_named(config.services, added->service.name) != config.services.end()) {
    return failure("there is a service \"" + added->service.name + "\" already");
  }
  const bool lists_backends = json->is_object() && json->contains("backends");
  auto pool = find_named(config.pools, added->pool.name);
  if (pool == config.pools.end()) {
    config.pools.push_back(std::move(added->pool));
  } else if (lists_backends) {
    return failure("service \"" + added->service.name + "\" lists backends, but there is a pool \"" + added->pool.name +
                   "\" already; write pool = \"" + added->pool.name + "\" to use that");
  } else {
    *pool = std::move(added->pool);
  }
  config.services.push_back(std::move(added->service));
  return {};
}

Result<void> apply(Config& config, const ServiceRemove& edit) {
  auto service = find_named(config.services, edit.name);
  if (service == config.services.end()) return failure("there is no service \"" + edit.name + "\"");
  auto pool = pool_of(config, service->pool);
  if (!pool) return failure_of(pool);
  auto enabled = std::count_if((*pool)->backends.begin(), (*pool)->backends.end(), [](const BackendConfig& backend) {
    return backend.administrative == Administrative::enabled && backend.weight != 0;
  });
  if (!edit.force && enabled != 0) {
    return failure("service \"" + edit.name + "\" still has " + std::to_string(enabled) +
                   " enabled backends, whose flows would be cut off; drain them first, or remove it with force");
  }
  if (has_own_pool(config, *service)) config.pools.erase(find_named(config.pools, service->pool));
  config.services.erase(service);
  return {};
}

Result<void> apply(Config& config, const BackendAdd& edit) {
  auto pool = pool_of(config, edit.pool);
  if (!pool) return failure_of(pool);
  auto json = parsed(edit.keys);
  if (!json) return failure_of(json);
  auto added = backend_from_json(*json, edit.pool, config);
  if (!added) return failure_of(added);
  if (find_named((*pool)->backends, added->name) != (*pool)->backends.end()) {
    return failure("pool \"" + edit.pool + "\" has a backend \"" + added->name + "\" already");
  }
  (*pool)->backends.push_back(std::move(*added));
  return {};
}

Result<void> apply(Config& config, const BackendRemove& edit) {
  auto backend = backend_of(config, edit.pool, edit.name);
  if (!backend) return failure_of(backend);
  auto& backends = (*pool_of(config, edit.pool))->backends;
  backends.erase(find_named(backends, edit.name));
  return {};
}

Result<void> apply(Config& config, const BackendState& edit) {
  auto backend = backend_of(config, edit.pool, edit.name);
  if (!backend) return failure_of(backend);
  (*backend)->administrative = edit.state;
  return {};
}

// Edits that are short for others; in a list that is spelled out there are none.
template <typename Group>
Result<void> apply_group(Config& config, const Group& edit) {
  auto each = spelled_out(config, {edit}, 0);
  if (!each) return failure_of(each);
  for (const Edit& one : *each) {
    if (auto applied = apply(config, std::get<BackendState>(one)); !applied) return applied;
  }
  return {};
}

Result<void> apply(Config& config, const ServiceState& edit) { return apply_group(config, edit); }
Result<void> apply(Config& config, const HostState& edit) { return apply_group(config, edit); }

Result<void> apply(Config& config, const BackendWeight& edit) {
  auto backend = backend_of(config, edit.pool, edit.name);
  if (!backend) return failure_of(backend);
  if (edit.weight > weight_max) {
    return failure("backend \"" + edit.pool + "/" + edit.name + "\": weight " + std::to_string(edit.weight) +
                   " is above " + std::to_string(weight_max));
  }
  (*backend)->weight = edit.weight;
  return {};
}

Result<void> apply(Config& config, const ServiceEdit& edit) {
  auto json = parsed(edit.keys);
  if (!json) return failure_of(json);
  auto edited = edited_service(*json, edit.name, config);
  if (!edited) return failure_of(edited);
  *find_named(config.services, edit.name) = std::move(edited->service);
  const std::string pool = edited->pool.name;
  *find_named(config.pools, pool) = std::move(edited->pool);
  return {};
}

Result<void> apply(Config& config, const PoolEdit& edit) {
  auto json = parsed(edit.keys);
  if (!json) return failure_of(json);
  auto edited = edited_pool(*json, edit.name, config);
  if (!edited) return failure_of(edited);
  *find_named(config.pools, edit.name) = std::move(*edited);
  return {};
}

Result<void> apply(Config& config, const BackendEdit& edit) {
  auto json = parsed(edit.keys);
  if (!json) return failure_of(json);
  auto edited = edited_backend(*json, edit.pool, edit.name, config);
  if (!edited) return failure_of(edited);
  *find_named(find_named(config.pools, edit.pool)->backends, edit.name) = std::move(*edited);
  return {};
}

}  // namespace

Result<Config> apply_edit(const Config& config, const Edit& edit) { return apply_edits(config, {edit}); }

Result<Config> apply_edits(const Config& config, const std::vector<Edit>& edits) {
  Config next = config;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    auto applied = std::visit([&](const auto& one) { return apply(next, one); }, edits[i]);
    if (!applied && edits.size() > 1)
      return failure("edit " + std::to_string(i + 1) + " of " + std::to_string(edits.size()) + ", " +
                     summary_of(edits[i]) + ": " + applied.error().message);
    if (!applied) return failure_of(applied);
  }
  sort_by_name(next, config);
  // Only the outcome must hold together: a pool may change all its members in one request.
  auto valid = validate_change(config, next);
  if (!valid) return failure_of(valid);
  return next;
}

std::set<BackendKey> removed_at_once(const Config& config, const Edit& edit) {
  std::set<BackendKey> removed;
  if (const auto* backend = std::get_if<BackendRemove>(&edit); backend != nullptr && backend->force) {
    removed.insert({backend->pool, backend->name});
  }
  if (const auto* one = std::get_if<ServiceRemove>(&edit); one != nullptr && one->force) {
    auto service = find_named(config.services, one->name);
    if (service == config.services.end() || !has_own_pool(config, *service)) return removed;
    auto pool = find_named(config.pools, service->pool);
    if (pool == config.pools.end()) return removed;
    for (const BackendConfig& each : pool->backends) removed.insert({pool->name, each.name});
  }
  return removed;
}

}  // namespace guideway
