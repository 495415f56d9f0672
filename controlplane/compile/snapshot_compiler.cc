// SPDX-License-Identifier: Apache-2.0
// Ledger::compile and recompile: the adopted configuration as the bytes that go through the door (ebpf/abi/snapshot.h).
#include <algorithm>
#include <unordered_map>

#include "controlplane/compile/ledger.hh"
#include "controlplane/compile/wire_rows.hh"

namespace guideway {
namespace {

// Access lists with their numbers: services whose lists are equal share one.
using ListNumbers = std::map<AccessList, std::uint32_t>;

ListNumbers number_lists(const Config& config) {
  ListNumbers numbers;
  for (const ServiceConfig& service : config.services) {
    if (!service.access.empty()) numbers.emplace(service.access, static_cast<std::uint32_t>(numbers.size() + 1));
  }
  return numbers;
}

template <typename T>
void append(std::vector<std::byte>& bytes, const std::vector<T>& rows) {
  const auto* from = reinterpret_cast<const std::byte*>(rows.data());
  bytes.insert(bytes.end(), from, from + rows.size() * sizeof(T));
}

bool has_lower_index(const gw_backend& row, std::uint32_t index) { return row.index < index; }

}  // namespace

void Ledger::make_service_rows(Rows& rows) const {
  rows.services.clear();
  rows.tables.clear();
  rows.access_prefixes.clear();
  std::map<PoolTable, std::uint32_t> positions;
  for (const auto& [key, lineage] : tables_) positions.emplace(key, static_cast<std::uint32_t>(positions.size()));
  const ListNumbers lists = number_lists(config_);
  for (const ServiceConfig& service : config_.services) {
    const std::uint32_t table = positions.at({service.pool, service.table_slots});
    for (const ServiceKey& key : keys_of(service)) {
      gw_service row = wire_row(service, key.address, key.protocol);
      row.id = service_ids_.at(key);
      if (!service.access.empty()) row.access_list = lists.at(service.access);
      rows.services.push_back(row);
      rows.tables.push_back(table);
    }
  }
  for (const auto& [list, number] : lists) {
    for (const AddressPrefix& prefix : list.allow) rows.access_prefixes.push_back(wire_row(prefix, number, true));
    for (const AddressPrefix& prefix : list.deny) rows.access_prefixes.push_back(wire_row(prefix, number, false));
  }
  rows.has_services = true;
}

void Ledger::make_backend_rows(Rows& rows, const ReachabilityByIndex& ways) const {
  rows.backends.clear();
  rows.backends.reserve(backends_.size());
  rows.stale.clear();
  std::vector<const BackendRecord*> records(indexes_taken_.empty() ? 0 : *indexes_taken_.rbegin() + 1, nullptr);
  for (const auto& [key, record] : backends_) records[record.index] = &record;
  // Both by index: a map of tens of thousands is slow to ask and quick to walk through.
  auto way = ways.begin();
  for (const BackendRecord* record : records) {
    if (record == nullptr) continue;
    while (way != ways.end() && way->first < record->index) ++way;
    const bool is_reached = way != ways.end() && way->first == record->index;
    rows.backends.push_back(wire_row(*record, is_reached ? &way->second : nullptr));
  }
}

void Ledger::renew_backend_rows(Rows& rows, const ReachabilityByIndex& ways) const {
  const auto place_of = [&rows](std::uint32_t index) {
    return std::lower_bound(rows.backends.begin(), rows.backends.end(), index, has_lower_index);
  };
  const auto is_there = [&rows](auto place, std::uint32_t index) {
    return place != rows.backends.end() && place->index == index;
  };
  const auto record_of = [this](const BackendKey& key, std::uint32_t index) {
    const BackendRecord* record = find(key);
    return record != nullptr && record->index == index ? record : nullptr;
  };
  // First those that are gone: another may have the index already.
  for (const auto& [key, index] : rows.stale) {
    const auto place = place_of(index);
    if (record_of(key, index) == nullptr && is_there(place, index)) rows.backends.erase(place);
  }
  for (const auto& [key, index] : rows.stale) {
    const BackendRecord* record = record_of(key, index);
    if (record == nullptr) continue;
    const auto way = ways.find(index);
    const gw_backend row = wire_row(*record, way == ways.end() ? nullptr : &way->second);
    const auto place = place_of(index);
    if (is_there(place, index))
      *place = row;
    else
      rows.backends.insert(place, row);
  }
  rows.stale.clear();
}

Compiled Ledger::assembled(std::uint64_t generation, Rows& rows) const {
  Compiled compiled;
  compiled.generation = generation;
  compiled.tables.reserve(tables_.size());
  std::vector<std::uint32_t> positions;  // of the ledger's tables among those, of which equal ones are one
  positions.reserve(tables_.size());
  std::unordered_map<std::uint64_t, std::uint32_t> position_of_id(tables_.size());
  for (const auto& [key, lineage] : tables_) {
    const auto [found, is_new] =
        position_of_id.try_emplace(lineage->id(), static_cast<std::uint32_t>(compiled.tables.size()));
    if (is_new) compiled.tables.push_back({lineage->id(), lineage->wire()});
    positions.push_back(found->second);
  }
  for (std::size_t i = 0; i < rows.services.size(); ++i) rows.services[i].table = positions[rows.tables[i]];
  std::vector<gw_table_ref> refs;
  refs.reserve(compiled.tables.size());
  for (const CompiledTable& table : compiled.tables) refs.push_back({table.id});

  gw_snapshot_header header = wire_header(config_, generation);
  header.service_count = static_cast<std::uint32_t>(rows.services.size());
  header.backend_count = static_cast<std::uint32_t>(rows.backends.size());
  header.table_count = static_cast<std::uint32_t>(refs.size());
  header.access_prefix_count = static_cast<std::uint32_t>(rows.access_prefixes.size());
  compiled.snapshot.reserve(sizeof header + header.service_count * sizeof(gw_service) +
                            header.backend_count * sizeof(gw_backend) + header.table_count * sizeof(gw_table_ref) +
                            header.access_prefix_count * sizeof(gw_access_prefix));
  append(compiled.snapshot, std::vector{header});
  append(compiled.snapshot, rows.services);
  append(compiled.snapshot, rows.backends);
  append(compiled.snapshot, refs);
  append(compiled.snapshot, rows.access_prefixes);
  return compiled;
}

Compiled Ledger::compile(std::uint64_t generation, const ReachabilityByIndex& reachability) const {
  Rows rows;
  make_service_rows(rows);
  make_backend_rows(rows, reachability);
  return assembled(generation, rows);
}

Compiled Ledger::recompile(std::uint64_t generation, const std::shared_ptr<const ReachabilityByIndex>& ways) const {
  if (!rows_.has_services) make_service_rows(rows_);
  if (rows_.ways != ways)
    make_backend_rows(rows_, *ways);
  else
    renew_backend_rows(rows_, *ways);
  rows_.ways = ways;
  return assembled(generation, rows_);
}

}  // namespace guideway
