// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/validate.hh"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/core.h>

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

void sort_by_name(Config& config) {
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::sort(config.services.begin(), config.services.end(), by_name);
  std::sort(config.pools.begin(), config.pools.end(), by_name);
  for (PoolConfig& pool : config.pools) std::sort(pool.backends.begin(), pool.backends.end(), by_name);
}

namespace {

using PoolsByName = std::map<std::string, const PoolConfig*>;

class CrossCheck {
 public:
  explicit CrossCheck(const Config& config) : config_(config) {}

  std::vector<Finding> run() {
    for (const PoolConfig& pool : config_.pools) check_pool(pool);
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
    for (const IpAddress& address : service.addresses) check_address(service, address);
    if (!is_prime(service.table_slots) || service.table_slots < GW_TABLE_SLOTS_MIN ||
        service.table_slots > GW_TABLE_SLOTS_MAX)
      find(path + ".table_slots",
           fmt::format("{} is not a prime from {} to {}; give one such as {}", service.table_slots, GW_TABLE_SLOTS_MIN,
                       GW_TABLE_SLOTS_MAX, GW_TABLE_SLOTS_DEFAULT));
    if (service.protocol == Protocol::udp && service.udp == UdpMode::hash &&
        service.scheduler == Scheduler::round_robin)
      find(path + ".udp",
           "\"hash\" remembers nothing, so round-robin has nothing to follow; write udp = \"follow\" or "
           "scheduler = \"maglev\"");
    const auto pool = pools_.find(service.pool);
    if (pool == pools_.end()) {
      find(path + ".pool",
           fmt::format(R"(there is no pool {}; add it: [[pool]] name = "{}")", service.pool, service.pool));
      return;
    }
    tables_.emplace(service.pool, service.table_slots);
    check_fit(service, *pool->second);
  }

  void check_address(const ServiceConfig& service, const IpAddress& address) {
    const auto [owner, is_new] = owners_.emplace(std::tuple(address, service.port, service.protocol), service.name);
    if (is_new) return;
    find("service." + service.name + ".addresses",
         fmt::format("{} port {} {} belongs to service {}; give one of the two another address, port or protocol",
                     address.text(), service.port == 0 ? "any" : std::to_string(service.port),
                     name_of(service.protocol), owner->second));
  }

  // What a service and its pool must be together.
  void check_fit(const ServiceConfig& service, const PoolConfig& pool) {
    std::size_t in_table = 0;
    for (const BackendConfig& backend : pool.backends) {
      const std::string where = fmt::format("pool.{}.backends[{}]", pool.name, backend.name);
      if (backend.weight > 0) ++in_table;
      if (std::find(service.addresses.begin(), service.addresses.end(), backend.address) != service.addresses.end())
        find(where, fmt::format("{} is the address of service {} itself; give the backend's own address",
                                backend.address.text(), service.name));
      if (backend.check.kind != CheckKind::none && backend.check.port == 0)
        find(where + ".check", fmt::format("has no port for service {}; give check = {{ port = 80 }}", service.name));
    }
    if (in_table > service.table_slots)
      find("service." + service.name + ".table_slots",
           fmt::format("{} slots are fewer than the {} backends; give a prime of at least a hundred a backend",
                       service.table_slots, in_table));
  }

  void check_limits() {
    std::size_t backends = 0;
    for (const PoolConfig& pool : config_.pools) backends += pool.backends.size();
    if (owners_.size() > GW_SERVICES_MAX)
      find("service", fmt::format("{} services (one an address) are above {}", owners_.size(), GW_SERVICES_MAX));
    if (backends > GW_BACKENDS_MAX) find("pool", fmt::format("{} backends are above {}", backends, GW_BACKENDS_MAX));
    if (tables_.size() > GW_TABLES_MAX)
      find("pool", fmt::format("{} tables (one a pool and table_slots) are above {}", tables_.size(), GW_TABLES_MAX));
  }

  const Config& config_;
  std::vector<Finding> findings_;
  PoolsByName pools_;
  std::set<std::string> service_names_;
  std::map<std::tuple<IpAddress, std::uint16_t, Protocol>, std::string> owners_;
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
