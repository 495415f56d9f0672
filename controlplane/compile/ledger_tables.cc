// SPDX-License-Identifier: Apache-2.0
// The ledger's tables: which are to be built, on all cores at once, and when their slots and old backends are let go.
#include <algorithm>
#include <iterator>
#include <utility>

#include "controlplane/compile/ledger_difference.hh"
#include "controlplane/config/backup_chain.hh"
#include "dataplane/base/in_parallel.hh"

namespace guideway {
namespace {

std::vector<std::pair<std::string, std::uint32_t>> names_of(const std::vector<TableMember>& members) {
  std::vector<std::pair<std::string, std::uint32_t>> names;
  names.reserve(members.size());
  for (const TableMember& member : members) names.emplace_back(member.name, member.weight);
  return names;
}

}  // namespace

std::vector<Ledger::PoolTable> Ledger::tables_to_look_at(const Difference& difference) {
  std::vector<PoolTable> tables;
  if (difference.serving && !difference.services) {
    for (const auto& [table, lineage] : tables_) tables.push_back(table);
    return tables;
  }
  if (!difference.services) {
    for (const PoolConfig* pool : difference.pools) {
      for (auto each = tables_.lower_bound({pool->name, 0}); each != tables_.end() && each->first.pool == pool->name;
           ++each)
        tables.push_back(each->first);
    }
    return tables;
  }
  std::set<PoolTable> used;
  for (const ServiceConfig& service : config_.services) used.insert({service.pool, service.table_slots});
  for (auto each = tables_.begin(); each != tables_.end();) {
    if (used.count(each->first) != 0) {
      ++each;
      continue;
    }
    changed(each->first.pool);
    each = tables_.erase(each);
  }
  return {used.begin(), used.end()};
}

bool Ledger::set_serving(const std::map<std::string, std::string>& serving, std::int64_t now_ms) {
  std::map<std::string, std::string> before = std::exchange(serving_, serving);
  adopt_serving();
  if (serving_ == before) return false;
  changed("");
  Difference difference;
  difference.serving = true;
  adopt_tables(difference, now_ms);
  return true;
}

void Ledger::adopt_serving() {
  if (serving_.empty()) return;
  const BackupPools backups = backup_pools(config_.pools);
  for (auto each = serving_.begin(); each != serving_.end();) {
    const std::vector<std::string> chain = backup_chain(backups, each->first);
    const bool is_backup = std::find(chain.begin() + 1, chain.end(), each->second) != chain.end();
    if (!is_backup) changed("");
    each = is_backup ? std::next(each) : serving_.erase(each);
  }
}

void Ledger::adopt_tables(const Difference& difference, std::int64_t now_ms) {
  const std::vector<PoolTable> tables = tables_to_look_at(difference);
  if (tables.empty()) return;
  const auto server_of = [this](const PoolTable& table) -> const std::string& {
    const auto other = serving_.find(table.pool);
    return other == serving_.end() ? table.pool : other->second;
  };
  std::set<std::string> servers;
  for (const PoolTable& table : tables) servers.insert(server_of(table));
  std::map<std::string, const PoolConfig*> pools;
  for (const PoolConfig& pool : std::as_const(config_).pools) {
    if (servers.count(pool.name) != 0) pools.emplace(pool.name, &pool);
  }
  std::vector<std::pair<PoolTable, std::vector<TableMember>>> wanted;
  for (const PoolTable& table : tables) {
    std::vector<TableMember> members;
    if (const auto pool = pools.find(server_of(table)); pool != pools.end()) {
      for (const BackendConfig& backend : pool->second->backends)
        members.push_back({backend.name, backends_.at({pool->first, backend.name}).index, backend.weight});
    }
    TableLineage::sort(members);
    const auto held = tables_.find(table);
    if (held == tables_.end() || !held->second->has_members(members)) wanted.emplace_back(table, std::move(members));
  }
  build_tables(wanted, now_ms);
}

void Ledger::build_tables(const std::vector<std::pair<PoolTable, std::vector<TableMember>>>& wanted,
                          std::int64_t now_ms) {
  // Tables of the same names, weights and size have the same owners, whatever their backends' indexes are.
  std::map<std::pair<std::uint32_t, std::vector<std::pair<std::string, std::uint32_t>>>, std::vector<std::size_t>>
      alike;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    alike[{wanted[i].first.slots, names_of(wanted[i].second)}].push_back(i);
  std::vector<const std::vector<std::size_t>*> groups;
  groups.reserve(alike.size());
  for (const auto& [names, positions] : alike) groups.push_back(&positions);

  std::vector<std::shared_ptr<TableLineage>> built(wanted.size());
  in_parallel(groups.size(), [&](std::size_t number) {
    const std::vector<std::size_t>& group = *groups[number];
    const auto& [first, members] = wanted[group.front()];
    const std::vector<std::uint32_t> owners = TableLineage::build(members, first.slots);
    for (const std::size_t position : group) {
      const auto held = tables_.find(wanted[position].first);
      built[position] = held == tables_.end() ? std::make_shared<TableLineage>(first.slots)
                                              : std::make_shared<TableLineage>(*held->second);
      built[position]->set_members(wanted[position].second, owners, now_ms);
    }
  });
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    news_.tables.push_back({built[i]->id(), built[i]->wire()});
    tables_[wanted[i].first] = std::move(built[i]);
    changed(wanted[i].first.pool);
  }
}

std::map<Ledger::PoolTable, std::int64_t> Ledger::idle_timeouts_ms() const {
  std::map<PoolTable, std::int64_t> longest;
  for (const ServiceConfig& service : config_.services) {
    std::int64_t& timeout_ms = longest[{service.pool, service.table_slots}];
    timeout_ms = std::max<std::int64_t>(timeout_ms, service.idle_timeout_ms);
    if (service.protocol == ServiceProtocol::both())
      timeout_ms = std::max<std::int64_t>(timeout_ms, service.udp_idle_timeout_ms);
  }
  return longest;
}

bool Ledger::is_named(std::uint32_t backend) const {
  return std::any_of(tables_.begin(), tables_.end(), [&](const auto& each) { return each.second->names(backend); });
}

bool Ledger::retire(std::int64_t now_ms, const BackendFacts& facts) {
  const bool any_moves =
      std::any_of(tables_.begin(), tables_.end(), [](const auto& each) { return each.second->moving_slots() != 0; });
  bool has_changed = false;
  if (any_moves) {
    const std::map<PoolTable, std::int64_t> timeouts_ms = idle_timeouts_ms();
    for (auto& [key, held] : tables_) {
      const std::int64_t timeout_ms = timeouts_ms.at(key);
      if (!held->is_due(now_ms, timeout_ms, facts.alive)) continue;
      auto retired = std::make_shared<TableLineage>(*held);
      has_changed |= retired->retire(now_ms, timeout_ms, facts.alive);
      held = std::move(retired);
      changed(key.pool);
    }
  }
  for (auto each = leaving_.begin(); each != leaving_.end();) {
    const BackendRecord& record = backends_.at(*each);
    if (is_named(record.index) || (!record.at_once && facts.remembered(record.index) != 0)) {
      ++each;
      continue;
    }
    forget(*each, record);
    backends_.erase(*each);
    each = leaving_.erase(each);
    has_changed = true;
  }
  return has_changed;
}

std::uint32_t Ledger::moving_slots() const {
  std::uint32_t moving = 0;
  for (const auto& [key, table] : tables_) moving += table->moving_slots();
  return moving;
}

}  // namespace guideway
