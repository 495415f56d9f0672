// SPDX-License-Identifier: Apache-2.0
// What a pool's checks are once its services are known: whether to check at all, on which port, for how long.
#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "controlplane/config/draft.hh"
#include "controlplane/config/words.hh"

namespace guideway {
namespace {

struct Users {
  std::set<std::uint16_t> ports;
  bool udp_only = false;
  std::string first_of_many;  // a service with any port or a range, and which of the two
  std::string names;
};

Users users_of(const std::string& pool, const std::vector<ServiceConfig>& services, const BackupPools& backups) {
  Users users;
  bool tcp = false;
  for (const ServiceConfig& service : services) {
    const std::vector<std::string> chain = backup_chain(backups, service.pool);
    if (std::find(chain.begin(), chain.end(), pool) == chain.end()) continue;
    const bool has_many = service.port == 0 || service.port_last != 0;
    users.ports.insert(has_many ? 0 : service.port);
    tcp = tcp || service.protocol.tcp;
    if (has_many && users.first_of_many.empty())
      users.first_of_many = fmt::format("{} has {}", service.name, service.port == 0 ? "any port" : "a range of ports");
    users.names += fmt::format("{}{} ({})", users.names.empty() ? "" : ", ", service.name, ports_text(service));
  }
  users.udp_only = !users.ports.empty() && !tcp;
  return users;
}

// Leaves nothing in a check that its kind does not use, so that equal checks are equal values.
CheckConfig settled(const CheckDraft& draft, bool udp_only) {
  CheckConfig check = draft.config;
  const CheckConfig fresh;
  if (!draft.given && udp_only) check.kind = CheckKind::none;
  if (check.kind == CheckKind::none) {
    check = fresh;
    check.kind = CheckKind::none;
    return check;
  }
  static_cast<CheckQuestion&>(check) = settled(static_cast<const CheckQuestion&>(check));
  if (!has_port(check.kind)) check.port = 0;
  if (!may_go_through_service(check.kind)) check.through = CheckThrough::backend;
  if (!draft.fast_interval_given) check.fast_interval_ms = check.interval_ms;
  if (!draft.down_interval_given) check.down_interval_ms = check.interval_ms;
  if (!draft.timeout_given) check.timeout_ms = std::min(fresh.timeout_ms, check.interval_ms);
  return check;
}

std::vector<CheckConfig> settled(const ChecksDraft& draft, bool udp_only) {
  std::vector<CheckConfig> checks;
  checks.reserve(draft.list.size());
  for (const CheckDraft& each : draft.list) checks.push_back(settled(each, udp_only));
  return checks;
}

// `T`: a backend, or what it has of its pool.
template <typename T>
void set_checks(T& to, std::vector<CheckConfig> checks, CheckRule rule) {
  to.check = std::move(checks.front());
  checks.erase(checks.begin());
  to.further_checks = std::move(checks);
  to.checks = rule;
}

// Without a port there is nothing to probe: says which of the two reasons it is.
std::string port_missing(const Users& users) {
  if (users.ports.size() == 1)
    return fmt::format(R"(service {}, so its check needs one; give check = {{ port = 80 }}, or check = "none")",
                       users.first_of_many);
  return fmt::format(
      "its services have different ports, {}, so its check needs one; give check = {{ port = 80 }}, or "
      "each backend its own port",
      users.names);
}

}  // namespace

PoolConfig resolve(Reading& reading, PoolDraft draft, const std::vector<ServiceConfig>& services,
                   const BackupPools& backups) {
  PoolConfig pool = std::move(draft.config);
  const Users users = users_of(pool.name, services, backups);
  set_checks(pool.defaults.own(), settled(draft.checks, users.udp_only), draft.checks.rule);
  bool told = false;
  pool.backends.reserve(draft.backends.size());
  for (BackendDraft& each : draft.backends) {
    BackendConfig backend = std::move(each.config);
    std::vector<CheckConfig> checks = settled(each.checks, users.udp_only);
    backend.tunnel = settled(backend.tunnel, backend.forward);
    for (CheckConfig& check : checks) {
      if (!has_port(check.kind) || check.port != 0) continue;
      if (backend.port != 0) {
        check.port = backend.port;
      } else if (users.ports.size() == 1 && *users.ports.begin() != 0) {
        check.port = *users.ports.begin();
      } else if (!users.ports.empty() && !told) {
        told = true;
        reading.fail(reading.place_of(draft.path + ".check"), draft.path + ".check", port_missing(users));
      }
    }
    set_checks(backend, std::move(checks), each.checks.rule);
    pool.backends.push_back(std::move(backend));
  }
  sort_shared(pool.backends, [](const BackendConfig& a, const BackendConfig& b) { return a.name < b.name; });
  return pool;
}

namespace {

CheckDraft draft_of(const CheckConfig& check) {
  CheckDraft draft{check, true, true};
  draft.fast_interval_given = check.fast_interval_ms != check.interval_ms;
  draft.down_interval_given = check.down_interval_ms != check.interval_ms;
  return draft;
}

template <typename T>
ChecksDraft checks_draft_of(const T& of) {
  ChecksDraft draft;
  draft.list = {draft_of(of.check)};
  for (const CheckConfig& check : of.further_checks) draft.list.push_back(draft_of(check));
  draft.rule = of.checks;
  return draft;
}

}  // namespace

PoolDraft draft_of(const PoolConfig& pool) {
  PoolDraft draft;
  draft.config = pool;
  draft.config.backends.clear();
  draft.checks = checks_draft_of(*pool.defaults);
  draft.path = "pool." + pool.name;
  for (const BackendConfig& backend : pool.backends) draft.backends.push_back({backend, checks_draft_of(backend)});
  return draft;
}

}  // namespace guideway
