// SPDX-License-Identifier: Apache-2.0
#include "controlplane/compile/ledger.hh"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "controlplane/compile/in_parallel.hh"
#include "controlplane/config/backup_chain.hh"

namespace guideway {
namespace {

// The next number below `limit` that is not taken, going round from `next`; `limit` if there is none.
std::uint32_t take_number(const std::set<std::uint32_t>& taken, std::uint32_t& next, std::uint32_t limit) {
  for (std::uint32_t i = 0; i < limit; ++i) {
    const std::uint32_t candidate = (next + i) % limit;
    if (taken.count(candidate) != 0) continue;
    next = (candidate + 1) % limit;
    return candidate;
  }
  return limit;
}

}  // namespace

Result<void> Ledger::adopt(const Config& config, const std::set<BackendKey>& at_once, std::int64_t now_ms) {
  Ledger next = *this;
  next.config_ = config;
  if (auto adopted = next.adopt_backends(at_once); !adopted) return adopted;
  if (auto adopted = next.adopt_services(); !adopted) return adopted;
  next.adopt_serving();
  next.adopt_tables(now_ms);
  *this = std::move(next);
  return {};
}

Result<void> Ledger::adopt_backends(const std::set<BackendKey>& at_once) {
  std::map<BackendKey, const BackendConfig*> configured;
  for (const PoolConfig& pool : config_.pools) {
    for (const BackendConfig& backend : pool.backends) configured[{pool.name, backend.name}] = &backend;
  }
  std::set<std::uint32_t> taken;
  for (auto& [key, record] : backends_) {
    taken.insert(record.index);
    const auto found = configured.find(key);
    record.leaving = found == configured.end();
    record.at_once = record.leaving && (record.at_once || at_once.count(key) != 0);
    if (!record.leaving) record.config = *found->second;
  }
  for (const auto& [key, backend] : configured) {
    if (backends_.count(key) != 0) continue;
    const std::uint32_t index = take_number(taken, next_index_, capacities_.backends_max);
    if (index == capacities_.backends_max)
      return failure("backend \"" + key.pool + "/" + key.name + "\": the datapath has room for " +
                     std::to_string(capacities_.backends_max) + " backends; start it with more --backends-max");
    taken.insert(index);
    backends_[key] = {index, ++generations_[index], *backend, false, false};
  }
  return {};
}

std::vector<Ledger::ServiceKey> Ledger::keys_of(const ServiceConfig& service) {
  std::vector<ServiceKey> keys;
  for (const AddressPrefix& address : service.addresses) {
    for (const Protocol protocol : service.protocol.list())
      keys.push_back({address, service.port, service.port_last, protocol});
  }
  return keys;
}

Result<void> Ledger::adopt_services() {
  std::set<ServiceKey> configured;
  for (const ServiceConfig& service : config_.services) {
    for (const ServiceKey& key : keys_of(service)) configured.insert(key);
  }
  std::set<std::uint32_t> taken;
  for (auto each = service_ids_.begin(); each != service_ids_.end();) {
    if (configured.count(each->first) == 0) {
      each = service_ids_.erase(each);
    } else {
      taken.insert((each++)->second);
    }
  }
  for (const ServiceKey& key : configured) {
    if (service_ids_.count(key) != 0) continue;
    const std::uint32_t id = take_number(taken, next_service_id_, capacities_.services_max);
    if (id == capacities_.services_max)
      return failure("service address " + key.address.text() + ": the datapath has room for " +
                     std::to_string(capacities_.services_max) +
                     " service addresses; start it with more --services-max");
    taken.insert(id);
    service_ids_[key] = id;
  }
  return {};
}

bool Ledger::set_serving(const std::map<std::string, std::string>& serving, std::int64_t now_ms) {
  std::map<std::string, std::string> before = std::exchange(serving_, serving);
  adopt_serving();
  if (serving_ == before) return false;
  adopt_tables(now_ms);
  return true;
}

void Ledger::adopt_serving() {
  const BackupPools backups = backup_pools(config_.pools);
  for (auto each = serving_.begin(); each != serving_.end();) {
    const std::vector<std::string> chain = backup_chain(backups, each->first);
    const bool is_backup = std::find(chain.begin() + 1, chain.end(), each->second) != chain.end();
    each = is_backup ? std::next(each) : serving_.erase(each);
  }
}

void Ledger::adopt_tables(std::int64_t now_ms) {
  std::map<std::string, std::vector<TableMember>> members;
  for (const PoolConfig& pool : config_.pools) {
    for (const BackendConfig& backend : pool.backends)
      members[pool.name].push_back({backend.name, backends_.at({pool.name, backend.name}).index, backend.weight});
  }
  std::set<PoolTable> used;
  for (const ServiceConfig& service : config_.services) used.insert({service.pool, service.table_slots});
  for (auto each = tables_.begin(); each != tables_.end();)
    each = used.count(each->first) == 0 ? tables_.erase(each) : std::next(each);
  std::vector<std::pair<const PoolTable*, const std::vector<TableMember>*>> wanted;
  for (const PoolTable& table : used) {
    const auto other = serving_.find(table.pool);
    const std::vector<TableMember>& of_it = members[other == serving_.end() ? table.pool : other->second];
    const auto held = tables_.find(table);
    if (held == tables_.end() || !held->second->has_members(of_it)) wanted.emplace_back(&table, &of_it);
  }
  std::vector<std::shared_ptr<TableLineage>> built(wanted.size());
  in_parallel(wanted.size(), [&](std::size_t i) {
    const auto& [table, of_it] = wanted[i];
    const auto held = tables_.find(*table);
    built[i] = held == tables_.end() ? std::make_shared<TableLineage>(table->slots)
                                     : std::make_shared<TableLineage>(*held->second);
    built[i]->set_members(*of_it, now_ms);
    (void)built[i]->wire();
  });
  for (std::size_t i = 0; i < wanted.size(); ++i) tables_[*wanted[i].first] = std::move(built[i]);
}

std::int64_t Ledger::idle_timeout_ms(const PoolTable& table) const {
  std::int64_t longest = 0;
  for (const ServiceConfig& service : config_.services) {
    if (service.pool != table.pool || service.table_slots != table.slots) continue;
    longest = std::max<std::int64_t>(longest, service.idle_timeout_ms);
    if (service.protocol == ServiceProtocol::both())
      longest = std::max<std::int64_t>(longest, service.udp_idle_timeout_ms);
  }
  return longest;
}

bool Ledger::is_named(std::uint32_t backend) const {
  return std::any_of(tables_.begin(), tables_.end(), [&](const auto& each) { return each.second->names(backend); });
}

bool Ledger::retire(std::int64_t now_ms, const BackendFacts& facts) {
  bool changed = false;
  for (auto& [key, held] : tables_) {
    // Nearly all of them; the timeout of one is sought among all services.
    if (held->moving_slots() == 0) continue;
    if (!held->is_due(now_ms, idle_timeout_ms(key), facts.alive)) continue;
    auto retired = std::make_shared<TableLineage>(*held);
    changed |= retired->retire(now_ms, idle_timeout_ms(key), facts.alive);
    held = std::move(retired);
  }
  for (auto each = backends_.begin(); each != backends_.end();) {
    const BackendRecord& record = each->second;
    const bool is_wanted =
        !record.leaving || is_named(record.index) || (!record.at_once && facts.remembered(record.index) != 0);
    changed |= !is_wanted;
    each = is_wanted ? std::next(each) : backends_.erase(each);
  }
  return changed;
}

const BackendRecord* Ledger::find(const BackendKey& key) const {
  const auto found = backends_.find(key);
  return found == backends_.end() ? nullptr : &found->second;
}

std::vector<std::uint32_t> Ledger::service_ids(const ServiceConfig& service) const {
  std::vector<std::uint32_t> ids;
  for (const ServiceKey& key : keys_of(service)) {
    if (const auto found = service_ids_.find(key); found != service_ids_.end()) ids.push_back(found->second);
  }
  return ids;
}

std::uint32_t Ledger::moving_slots() const {
  std::uint32_t moving = 0;
  for (const auto& [key, table] : tables_) moving += table->moving_slots();
  return moving;
}

}  // namespace guideway
