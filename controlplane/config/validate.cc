// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/validate.hh"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>

#include "controlplane/config/backup_chain.hh"
#include "controlplane/config/words.hh"

namespace guideway {

bool is_prime(std::uint32_t number) noexcept {
  if (number < 2) return false;
  for (std::uint64_t divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return true;
}

bool is_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > 64) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-' || c == ':';
  });
}

void sort_by_name(Config& config, const Config& sorted) {
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  if (!config.services.shares_with(sorted.services)) sort_shared(config.services, by_name);
  if (!config.pools.shares_with(sorted.pools)) sort_shared(config.pools, by_name);
  const SharedList<PoolConfig>& pools = config.pools;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const SharedList<BackendConfig>& backends = pools[i].backends;
    if (i < sorted.pools.size() && backends.shares_with(sorted.pools[i].backends)) continue;
    if (!std::is_sorted(backends.begin(), backends.end(), by_name)) sort_shared(config.pools[i].backends, by_name);
  }
}

namespace {

using PoolsByName = std::map<std::string, const PoolConfig*>;

class CrossCheck {
 public:
  explicit CrossCheck(const Config& config) : config_(config) {}

  std::vector<Finding> run() {
    for (const PoolConfig& pool : config_.pools) check_pool(pool);
    backups_ = backup_pools(config_.pools);
    for (const PoolConfig& pool : config_.pools) check_backup(pool);
    for (const ServiceConfig& service : config_.services) check_service(service);
    check_limits();
    if (config_.door == config_.api) find("api", "is the same socket as door; give it another path");
    return std::move(findings_);
  }

 private:
  void find(std::string key, std::string message) { findings_.push_back({std::move(key), std::move(message)}); }

  void check_pool(const PoolConfig& pool) {
    const std::string path = "pool." + pool.name;
    if (!is_name(pool.name)) find(path, "has no usable name; give 1 to 64 letters, digits, '.', '_', '-' or ':'");
    if (!pools_.emplace(pool.name, &pool).second)
      find(path, fmt::format("pool {} exists already; give one of the two another name", pool.name));
    std::set<std::string> names;
    std::set<IpAddress> addresses;
    std::uint64_t weights = 0;
    for (const BackendConfig& backend : pool.backends) {
      const std::string where = fmt::format("{}.backends[{}]", path, backend.name);
      if (!is_name(backend.name)) find(where, "has no usable name; give 1 to 64 letters, digits, '.', '_', '-' or ':'");
      if (!names.insert(backend.name).second)
        find(where, fmt::format("backend {} is in this pool already; give it another name", backend.name));
      if (!addresses.insert(backend.address).second)
        find(where, fmt::format("address {} is in this pool already; give one of the two more weight instead",
                                backend.address.text()));
      if (backend.weight > 65535)
        find(where + ".weight", fmt::format("{} is above 65535; give a weight from 0 to 65535", backend.weight));
      weights += backend.weight;
    }
    if (!pool.backends.empty() && weights == 0)
      find(path + ".backends", "every backend has weight 0, so none gets a flow; give one a weight of at least 1");
  }

  void check_service(const ServiceConfig& service) {
    const std::string path = "service." + service.name;
    if (!is_name(service.name)) find(path, "has no usable name; give 1 to 64 letters, digits, '.', '_', '-' or ':'");
    if (!service_names_.insert(service.name).second)
      find(path, fmt::format("service {} exists already; give one of the two another name", service.name));
    if (service.addresses.empty()) find(path, "has no address; give it at least one");
    for (const AddressPrefix& address : service.addresses) {
      for (const Protocol protocol : service.protocol.list()) check_address(service, address, protocol);
    }
    if (!is_prime(service.table_slots) || service.table_slots < GW_TABLE_SLOTS_MIN ||
        service.table_slots > GW_TABLE_SLOTS_MAX)
      find(path + ".table_slots",
           fmt::format("{} is not a prime from {} to {}; give one such as {}", service.table_slots, GW_TABLE_SLOTS_MIN,
                       GW_TABLE_SLOTS_MAX, GW_TABLE_SLOTS_DEFAULT));
    check_choice(service, path);
    access_lists_.insert(service.access);
    const auto pool = pools_.find(service.pool);
    if (pool == pools_.end()) {
      find(path + ".pool",
           fmt::format(R"(there is no pool {}; add it: [[pool]] name = "{}")", service.pool, service.pool));
      return;
    }
    tables_.emplace(service.pool, service.table_slots);
    for (const std::string& each : backup_chain(backups_, service.pool)) {
      if (const auto found = pools_.find(each); found != pools_.end()) check_fit(service, *found->second);
    }
  }

  void check_backup(const PoolConfig& pool) {
    if (pool.backup_pool.empty()) return;
    const std::string key = "pool." + pool.name + ".backup_pool";
    if (pools_.count(pool.backup_pool) == 0)
      return find(
          key, fmt::format(R"(there is no pool {}; add it: [[pool]] name = "{}")", pool.backup_pool, pool.backup_pool));
    const auto back = backups_.find(backup_chain(backups_, pool.name).back());
    if (back != backups_.end())
      find(key, fmt::format("{} leads in a circle; let the last of the pools have no backup_pool", pool.backup_pool));
  }

  // What a service remembers must fit how it chooses.
  void check_choice(const ServiceConfig& service, const std::string& path) {
    if (!service.protocol.udp || service.udp == UdpMode::follow) return;
    const std::string_view mode = name_of(service.udp);
    if (service.scheduler == Scheduler::least_connections) {
      find(path + ".udp", fmt::format("\"{}\" remembers nothing, so least-connections has no flows to count; write "
                                      "udp = \"follow\" or another scheduler",
                                      mode));
    } else if (service.udp == UdpMode::hash && !is_consistent(service.scheduler)) {
      find(path + ".udp",
           fmt::format("\"hash\" remembers nothing, so {} has nothing to follow; write udp = \"follow\", "
                       "udp = \"packet\" or scheduler = \"maglev\"",
                       name_of(service.scheduler)));
    }
    for (const auto& [limit, key] : {std::pair(service.new_flows, "new_flows_per_second"),
                                     std::pair(service.source_flows, "source_flows_per_second")}) {
      if (limit.per_second != 0) {
        find(fmt::format("{}.{}", path, key),
             fmt::format("cannot tell which flows are new with udp = \"{}\", which remembers nothing; write udp = "
                         "\"follow\", or leave the limit out",
                         mode));
      }
    }
  }

  // One address, port and protocol belongs to one service, and so do the ports of ranges.
  void check_address(const ServiceConfig& service, const AddressPrefix& address, Protocol protocol) {
    ++rows_;
    Owners& owners = owners_[{address, protocol}];
    const std::string where = fmt::format("{} port {} {}", address.text(), ports_text(service), name_of(protocol));
    if (service.port_last == 0) {
      const auto [owner, is_new] = owners.ports.emplace(service.port, service.name);
      if (!is_new) refuse_address(service, where + " belongs to", owner->second);
      return;
    }
    for (const ServiceConfig* other : owners.ranges) {
      if (service.port <= other->port_last && other->port <= service.port_last)
        return refuse_address(service, fmt::format("{} overlaps {} of", where, ports_text(*other)), other->name);
    }
    owners.ranges.push_back(&service);
    if (owners.ranges.size() == GW_PORT_RANGES_MAX + 1)
      find("service." + service.name + ".port",
           fmt::format("{} {} has more than {} port ranges; join some, or use another address", address.text(),
                       name_of(protocol), GW_PORT_RANGES_MAX));
  }

  void refuse_address(const ServiceConfig& service, const std::string& where, const std::string& owner) {
    find("service." + service.name + ".addresses",
         fmt::format("{} service {}; give one of the two another address, port or protocol", where, owner));
  }

  // What a service and its pool must be together.
  void check_fit(const ServiceConfig& service, const PoolConfig& pool) {
    std::size_t in_table = 0;
    for (const BackendConfig& backend : pool.backends) {
      const std::string where = fmt::format("pool.{}.backends[{}]", pool.name, backend.name);
      if (backend.weight > 0) ++in_table;
      if (std::find(service.addresses.begin(), service.addresses.end(), AddressPrefix(backend.address)) !=
          service.addresses.end())
        find(where, fmt::format("{} is the address of service {} itself; give the backend's own address",
                                backend.address.text(), service.name));
      for (std::size_t number = 0; number < check_count(backend); ++number)
        check_port(service, check_at(backend, number), where + ".check");
    }
    check_dscp(service, pool);
    if (in_table > service.table_slots)
      find("service." + service.name + ".table_slots",
           fmt::format("{} slots are fewer than the {} backends; give a prime of at least a hundred a backend",
                       service.table_slots, in_table));
  }

  void check_port(const ServiceConfig& service, const CheckConfig& check, const std::string& where) {
    if (has_port(check.kind) && check.port == 0)
      find(where, fmt::format("has no port for service {}; give check = {{ port = 80 }}", service.name));
  }

  // l3dsr gives a packet the backend's own address; all that tells the backend which service it was for is the DSCP.
  void check_dscp(const ServiceConfig& service, const PoolConfig& pool) {
    const std::string key = "service." + service.name + ".dscp";
    const BackendConfig* first = nullptr;
    for (const BackendConfig& backend : pool.backends) {
      if (backend.forward != Forward::l3dsr) continue;
      if (first == nullptr) first = &backend;
      check_l3dsr(service, pool, backend);
    }
    if (first == nullptr) {
      if (service.dscp != 0 && pool.defaults->forward != Forward::l3dsr)
        find(key,
             fmt::format("means nothing, as no backend of pool {} has forward = \"l3dsr\"; leave it out", pool.name));
      return;
    }
    if (service.dscp == 0)
      find(key, fmt::format("is missing: backend {} has forward = \"l3dsr\" and knows the service by it; give one from "
                            "1 to 63",
                            first->name));
    std::set<Family> families;
    for (const AddressPrefix& address : service.addresses) {
      if (!address.is_one_address()) {
        find("service." + service.name + ".addresses",
             fmt::format("{} is a prefix, and l3dsr backends such as {} can restore one address only; give addresses",
                         address.text(), first->name));
      } else if (!families.insert(address.address.family).second) {
        find("service." + service.name + ".addresses",
             fmt::format("{} is a second address of its family, and l3dsr backends such as {} restore one by its DSCP; "
                         "give it a service of its own",
                         address.text(), first->name));
      }
    }
  }

  void check_l3dsr(const ServiceConfig& service, const PoolConfig& pool, const BackendConfig& backend) {
    const auto address = std::find_if(service.addresses.begin(), service.addresses.end(),
                                      [&](const auto& each) { return each.address.family == backend.address.family; });
    if (address == service.addresses.end()) {
      return find(fmt::format("pool.{}.backends[{}].forward", pool.name, backend.name),
                  fmt::format("\"l3dsr\" keeps the family of a packet, and service {} has no {} address; use a tunnel, "
                              "or a backend address of the service's family",
                              service.name, backend.address.family == Family::ipv4 ? "IPv4" : "IPv6"));
    }
    if (service.dscp == 0) return;
    const auto [known, is_new] =
        restored_.emplace(std::pair(backend.address, service.dscp), std::pair(address->address, service.name));
    if (!is_new && known->second.first != address->address)
      find("service." + service.name + ".dscp",
           fmt::format("{} stands for {} of service {} on backend {} already; give one of the two another",
                       service.dscp, known->second.first.text(), known->second.second, backend.name));
  }

  void check_limits() {
    std::size_t backends = 0;
    for (const PoolConfig& pool : config_.pools) backends += pool.backends.size();
    if (rows_ > GW_SERVICES_MAX)
      find("service", fmt::format("{} services (one an address and protocol) are above {}", rows_, GW_SERVICES_MAX));
    if (backends > GW_BACKENDS_MAX) find("pool", fmt::format("{} backends are above {}", backends, GW_BACKENDS_MAX));
    if (tables_.size() > GW_TABLES_MAX)
      find("pool", fmt::format("{} tables (one a pool and table_slots) are above {}", tables_.size(), GW_TABLES_MAX));
    std::size_t prefixes = 0;
    for (const AccessList& list : access_lists_) prefixes += list.allow.size() + list.deny.size();
    if (prefixes > GW_ACCESS_PREFIXES_MAX)
      find("service", fmt::format("{} prefixes in allow and deny lists are above {}; join neighbours into wider ones",
                                  prefixes, GW_ACCESS_PREFIXES_MAX));
  }

  const Config& config_;
  std::vector<Finding> findings_;
  PoolsByName pools_;
  BackupPools backups_;
  std::set<std::string> service_names_;
  struct Owners {
    std::map<std::uint16_t, std::string> ports;  // single ones, and 0 for any
    std::vector<const ServiceConfig*> ranges;
  };
  std::map<std::pair<AddressPrefix, Protocol>, Owners> owners_;
  std::size_t rows_ = 0;
  std::set<AccessList> access_lists_;
  // What a DSCP stands for on the backend of an address: a service address, and of which service.
  std::map<std::pair<IpAddress, std::uint8_t>, std::pair<IpAddress, std::string>> restored_;
  std::set<std::pair<std::string, std::uint32_t>> tables_;
};

}  // namespace

std::vector<Finding> cross_check(const Config& config) { return CrossCheck(config).run(); }

Result<void> validate(const Config& config) {
  std::string message;
  for (const Finding& finding : cross_check(config))
    message += fmt::format("{}{}: {}", message.empty() ? "" : "; ", finding.key, finding.message);
  if (!message.empty()) return failure(std::move(message));
  return {};
}

}  // namespace guideway
