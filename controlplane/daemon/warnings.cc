// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/warnings.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace guideway {
namespace {

constexpr std::size_t named_max = 3;

// "web/a, web/b and 7 more".
std::string some_of(const std::vector<std::string>& names) {
  std::string result;
  for (std::size_t i = 0; i < std::min(named_max, names.size()); ++i) result += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > named_max) result += " and " + std::to_string(names.size() - named_max) + " more";
  return result;
}

const PoolConfig* find_pool(const Config& config, const std::string& name) {
  const auto found =
      std::find_if(config.pools.begin(), config.pools.end(), [&](const PoolConfig& pool) { return pool.name == name; });
  return found == config.pools.end() ? nullptr : &*found;
}

bool has_service(const Config& config, const std::string& name) {
  return std::any_of(config.services.begin(), config.services.end(),
                     [&](const ServiceConfig& service) { return service.name == name; });
}

}  // namespace

std::vector<std::string> warnings_of_checks(const HealthBoard& board) {
  std::map<std::string, std::vector<std::string>> names_by_detail;
  std::map<std::string, std::vector<std::string>> names_by_warning;
  const auto note = [](std::vector<std::string>& names, const std::string& name) {
    if (names.empty() || names.back() != name) names.push_back(name);
  };
  for (const auto& [index, entry] : board.entries()) {
    if (entry.record.leaving) continue;
    const std::string name = entry.key.pool + "/" + entry.key.name;
    // Of several checks also those that do not decide.
    for (const std::optional<ProbeResult>& result : entry.results) {
      if (!result) continue;
      if (result->outcome == ProbeOutcome::inconclusive) note(names_by_detail[result->detail], name);
      if (!result->warning.empty()) note(names_by_warning[result->warning], name);
    }
  }
  std::vector<std::string> warnings;
  warnings.reserve(names_by_detail.size() + names_by_warning.size());
  for (const auto& [detail, names] : names_by_detail)
    warnings.push_back("checks tell nothing and move no backend (" + detail + "): " + some_of(names));
  for (const auto& [warning, names] : names_by_warning) warnings.push_back(warning + ": " + some_of(names));
  return warnings;
}

std::vector<std::string> warnings_of_pools(const HealthBoard& board, std::int64_t now_ms) {
  std::vector<std::string> warnings;
  for (const auto& [name, pool] : board.pools()) {
    const std::string serve = fmt::format("{} of {} backends", pool.counts.serve, pool.counts.could_serve);
    if (pool.health.panic()) {
      warnings.push_back(
          fmt::format("pool {} is in panic: {} pass their checks, fewer than {} %, so failed checks are ignored", name,
                      serve, pool.config.panic_percent));
    }
    if (pool.health.quorum() == false && pool.counts.could_serve != 0)
      warnings.push_back(fmt::format("pool {} is below its quorum of {}: {} serve", name, pool.config.quorum, serve));
  }
  std::vector<std::string> held;
  for (const auto& [index, entry] : board.entries()) {
    const auto until_ms = entry.health.held_until_ms();
    if (!until_ms) continue;
    held.push_back(entry.key.pool + "/" + entry.key.name + " (another " +
                   std::to_string((*until_ms - now_ms + 999) / 1000) + " s)");
  }
  if (!held.empty()) warnings.push_back("backends whose checks come and go are held: " + some_of(held));
  return warnings;
}

std::vector<std::string> warnings_of_services(const HealthBoard& board, const Config& config, const Serving& serving) {
  std::map<std::string, bool> is_up;  // by pool; missing: it has no backend
  for (const auto& [index, entry] : board.entries()) {
    if (entry.record.leaving) continue;
    is_up[entry.key.pool] |= entry.health.state().state == GW_HEALTH_UP;
  }
  std::vector<std::string> names;
  for (const ServiceConfig& service : config.services) {
    const auto pool = is_up.find(server_of(serving, service.pool));
    if (pool == is_up.end() || !pool->second) names.push_back(service.name);
  }
  if (names.empty()) return {};
  return {
      (names.size() == 1 ? "this service has no backend that is up: " : "these services have no backend that is up: ") +
      some_of(names)};
}

std::vector<std::string> warnings_of_reach(const HealthBoard& board, const std::map<std::uint32_t, std::string>& why) {
  std::map<std::string, std::vector<std::string>> names_by_reason;
  for (const auto& [index, entry] : board.entries()) {
    if (entry.record.leaving || entry.health.state().reason != GW_REASON_UNRESOLVED) continue;
    const auto reason = why.find(index);
    names_by_reason[reason == why.end() ? "not asked yet" : reason->second].push_back(entry.key.pool + "/" +
                                                                                      entry.key.name);
  }
  std::vector<std::string> warnings;
  warnings.reserve(names_by_reason.size());
  for (const auto& [reason, names] : names_by_reason)
    warnings.push_back("the way to these backends is not known (" + reason + "): " + some_of(names));
  return warnings;
}

std::vector<std::string> warnings_of_backups(const Serving& serving) {
  std::vector<std::string> warnings;
  for (const auto& [pool, backup] : serving)
    warnings.push_back(fmt::format("pool {} serves in the place of pool {}, which is below its quorum", backup, pool));
  return warnings;
}

std::vector<std::string> warnings_of_families(const Config& config) {
  std::vector<std::string> warnings;
  for (const ServiceConfig& service : config.services) {
    const PoolConfig* pool = find_pool(config, service.pool);
    if (service.dscp == 0 || pool == nullptr) continue;
    for (const AddressPrefix& address : service.addresses) {
      std::vector<std::string> names;
      for (const BackendConfig& backend : pool->backends) {
        if (backend.forward == Forward::l3dsr && backend.address.family != address.address.family)
          names.push_back(pool->name + "/" + backend.name);
      }
      if (!names.empty())
        warnings.push_back(
            "service " + service.name + ": what comes for " + address.text() +
            " cannot be sent to l3dsr backends of the other family (drop_unresolved): " + some_of(names));
    }
  }
  return warnings;
}

std::vector<std::string> warnings_of_shared_checks(const Config& before, const Config& after) {
  std::vector<std::string> warnings;
  if (before.services.shares_with(after.services)) return warnings;
  for (const ServiceConfig& service : after.services) {
    const PoolConfig* pool = find_pool(after, service.pool);
    if (has_service(before, service.name) || pool == nullptr || service.port == 0 || service.port_last != 0) continue;
    if (pool->defaults->check.port != 0) continue;  // somebody chose it
    std::set<std::uint16_t> others;
    for (const BackendConfig& backend : pool->backends) {
      const bool is_inherited = backend.check.kind != CheckKind::none && backend.port == 0;
      if (is_inherited && backend.check.port != service.port) others.insert(backend.check.port);
    }
    for (const std::uint16_t port : others)
      warnings.push_back("service " + service.name + " has port " + std::to_string(service.port) +
                         ", but backends of its pool " + pool->name + " are checked on port " + std::to_string(port) +
                         ", as before");
  }
  return warnings;
}

std::vector<std::string> warnings_of_new_tables(const Config& before, const Config& after) {
  std::vector<std::string> warnings;
  if (before.services.shares_with(after.services)) return warnings;
  std::map<std::string, const ServiceConfig*> known;
  for (const ServiceConfig& service : before.services) known.emplace(service.name, &service);
  for (const ServiceConfig& service : after.services) {
    const auto found = known.find(service.name);
    if (found == known.end()) continue;
    const ServiceConfig& was = *found->second;
    const auto hash_of = [](const ServiceConfig& one) {
      const bool is_source = one.scheduler == Scheduler::source;
      return std::tuple(is_source, is_source ? one.source_bits_ipv4 : 0, is_source ? one.source_bits_ipv6 : 0);
    };
    std::string why;
    if (was.pool != service.pool) why = "its pool is another";
    if (was.table_slots != service.table_slots) why = "table_slots has changed";
    if (hash_of(was) != hash_of(service)) why = "its scheduler goes by another hash";
    if (!why.empty())
      warnings.push_back("service " + service.name + ": flows are assigned afresh, since " + why +
                         "; those that end up with another backend break");
  }
  return warnings;
}

std::vector<std::string> warnings_of_restart(const Config& from, const Config& to) {
  std::vector<std::string> warnings;
  const auto compare = [&](const char* key, const std::string& before, const std::string& after) {
    if (before == after) return;
    warnings.push_back(std::string(key) + " is now " + (after.empty() ? "none" : after) +
                       ", which takes effect when guidewayd is restarted");
  };
  compare("door", from.door, to.door);
  compare("api", from.api, to.api);
  compare("api_read_group", from.api_read_group, to.api_read_group);
  compare("api_admin_group", from.api_admin_group, to.api_admin_group);
  if (from.api_tls != to.api_tls)
    warnings.push_back("api_tls has changed, which takes effect when guidewayd is restarted");
  compare("metrics", from.metrics ? from.metrics->text() : "", to.metrics ? to.metrics->text() : "");
  compare("state_directory", from.state_directory, to.state_directory);
  if (from.datapath != to.datapath || from.ports != to.ports)
    warnings.push_back("datapath or ports have changed, which takes effect when the datapath is restarted");
  if (from.hash_key != to.hash_key) {
    warnings.push_back("hash_key has changed: every flow that is not remembered is chosen anew");
  }
  return warnings;
}

}  // namespace guideway
