// SPDX-License-Identifier: Apache-2.0
// Ledger::save and Ledger::load: the ledger as JSON texts, one a pool and one for the rest. Any text may hold any list,
// so what former releases saved as one text is read likewise. Moving slots are grouped by home and time, since one
// change moves many slots at once.
#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "controlplane/compile/ledger.hh"
#include "controlplane/compile/packed_slots.hh"
#include "controlplane/config/json.hh"
#include "dataplane/base/in_parallel.hh"

namespace guideway {
namespace {

using nlohmann::json;

constexpr int storage_version = 5;
// Former versions knew less (prefixes and ranges of ports, what one change made move); what they saved means the same
// today.
constexpr int oldest_readable_version = 2;

[[noreturn]] void refuse(const std::string& why) { throw json::other_error::create(501, why, nullptr); }

// One that leaves is in no configuration any more.
json save_leaving(const BackendKey& key, const BackendRecord& record) {
  return {{"pool", key.pool},          {"index", record.index},     {"generation", record.generation},
          {"leaving", record.leaving}, {"at_once", record.at_once}, {"backend", to_json(record.config)}};
}

// Of one that is configured: where the configuration says the rest.
json save_numbers(const BackendKey& key, const BackendRecord& record) {
  return {key.name, record.index, record.generation};
}

template <typename T>
T parsed(const std::optional<T>& value, const char* what) {
  if (!value) throw json::other_error::create(501, std::string("not a valid ") + what, nullptr);
  return *value;
}

BackendRecord load_backend(const json& saved) {
  BackendRecord record;
  record.index = saved.at("index").get<std::uint32_t>();
  record.generation = saved.at("generation").get<std::uint32_t>();
  record.leaving = saved.at("leaving").get<bool>();
  record.at_once = saved.at("at_once").get<bool>();
  // Complete by itself, so the pool that it is read into need hold nothing.
  Config config;
  PoolConfig pool;
  pool.name = saved.at("pool").get<std::string>();
  config.pools = {pool};
  auto backend = backend_from_json(saved.at("backend"), pool.name, config);
  if (!backend) throw json::other_error::create(501, backend.error().message, nullptr);
  record.config = std::move(*backend);
  return record;
}

// Slots by their home and since when they move.
class MovingGroups {
 public:
  using Key = std::pair<std::uint32_t, std::int64_t>;

  void add(const TableLineage::Moving& moving) {
    const Key key{moving.home, moving.since_ms};
    // Homes alternate from slot to slot, and there are few: nearly all are found where they were found last.
    auto*& found = found_last_[moving.home % found_last_.size()];
    if (found == nullptr || found->first != key) found = &*groups_.try_emplace(key).first;
    found->second.add(moving.slot);
  }
  [[nodiscard]] const std::map<Key, PackedSlots>& all() const noexcept { return groups_; }

 private:
  std::map<Key, PackedSlots> groups_;
  std::array<std::map<Key, PackedSlots>::value_type*, 256> found_last_{};
};

// Numbers are of former releases.
std::vector<std::uint32_t> read_slots(const json& saved) {
  if (!saved.is_string()) return saved.get<std::vector<std::uint32_t>>();
  auto slots = unpacked_slots(saved.get<std::string>());
  if (!slots) refuse(slots.error().message);
  return std::move(*slots);
}

json save_members(const std::vector<TableMember>& members) {
  json list = json::array();
  for (const TableMember& member : members)
    list.push_back({{"name", member.name}, {"index", member.index}, {"weight", member.weight}});
  return list;
}

// Tens of thousands of slots may have begun to move: they are not told where it can be told what made them.
json save_lineage(const TableLineage& lineage) {
  json saved{{"slots", lineage.slot_count()}, {"members", save_members(lineage.members())}};
  if (const auto& change = lineage.one_change()) {
    saved["before"] = save_members(change->members_before);
    saved["since_ms"] = change->since_ms;
    return saved;
  }
  MovingGroups groups;
  for (const auto& each : lineage.moving()) groups.add(each);
  for (const auto& [group, slots] : groups.all())
    saved["moving"].push_back({{"home", group.first}, {"since_ms", group.second}, {"slots", slots.text()}});
  return saved;
}

}  // namespace

// Reads texts into a new ledger, all their parts in any order, the tables last.
class Ledger::Storage {
 public:
  explicit Storage(const Capacities& capacities) : capacities_(capacities), ledger_(capacities) {}

  void read(const std::string& pool, const std::string& text) {
    const json saved = json::parse(text);
    const auto list = [&saved](const char* key) { return saved.value(key, json::array()); };
    for (const json& each : list("backends"))
      each.is_array() ? take(pool, load_numbers(each), each.at(0)) : take(each.at("pool"), load_backend(each));
    for (const json& each : list("services")) {
      const ServiceKey key{parsed(AddressPrefix::parse(each.at("address").get<std::string>()), "address"),
                           each.at("port").get<std::uint16_t>(), each.value("port_last", std::uint16_t{0}),
                           static_cast<Protocol>(each.at("protocol").get<unsigned>())};
      ledger_.service_ids_[key] = each.at("id").get<std::uint32_t>();
    }
    for (const json& each : list("tables")) tables_.push_back(read_table(each, each.at("pool").get<std::string>()));
    for (const json& each : list("generations"))
      ledger_.generations_[each.at(0).get<std::uint32_t>()] = each.at(1).get<std::uint32_t>();
    if (pool.empty()) read_head(saved);
  }

  [[nodiscard]] Ledger finish() {
    // Texts of former releases tell the generations of indexes that are taken, too.
    for (const std::uint32_t index : ledger_.indexes_taken_) ledger_.generations_.erase(index);
    std::vector<std::shared_ptr<TableLineage>> built(tables_.size());
    in_parallel(tables_.size(), [&](std::size_t i) {
      SavedTable& saved = tables_[i];
      built[i] = std::make_shared<TableLineage>(saved.key.slots);
      if (!saved.change) return built[i]->restore(std::move(saved.members), saved.moving);
      built[i]->set_members(std::move(saved.change->members_before), saved.change->since_ms);
      built[i]->set_members(std::move(saved.members), saved.change->since_ms);
    });
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      ledger_.changed(tables_[i].key.pool);
      ledger_.tables_[tables_[i].key] = std::move(built[i]);
    }
    for (const auto& [key, record] : ledger_.backends_) ledger_.changed(key.pool);
    return std::move(ledger_);
  }

 private:
  struct SavedTable {
    PoolTable key;
    std::vector<TableMember> members;
    std::vector<TableLineage::Moving> moving;
    std::optional<TableLineage::OneChange> change;
  };

  void read_head(const json& saved) {
    const int version = saved.at("version").get<int>();
    if (version < oldest_readable_version || version > storage_version) refuse("it has an unknown version");
    ledger_.next_index_ = saved.at("next_index").get<std::uint32_t>();
    ledger_.next_service_id_ = saved.at("next_service_id").get<std::uint32_t>();
    ledger_.serving_ = saved.value("serving", std::map<std::string, std::string>());
  }

  static BackendRecord load_numbers(const json& saved) {
    BackendRecord record;
    record.index = saved.at(1).get<std::uint32_t>();
    record.generation = saved.at(2).get<std::uint32_t>();
    return record;
  }

  void take(const std::string& pool, BackendRecord record, const std::string& name = {}) {
    if (record.index >= capacities_.backends_max)
      refuse("it has backend index " + std::to_string(record.index) +
             ", above this datapath's capacity; start it with more --backends-max");
    if (record.config.name.empty()) record.config.name = name;
    const BackendKey key{pool, record.config.name};
    if (!ledger_.indexes_taken_.insert(record.index).second) refuse("it gives an index to two backends");
    if (record.leaving) ledger_.leaving_.insert(key);
    ledger_.news_.backends.emplace(key, record.index);
    ledger_.backends_[key] = std::move(record);
  }

  [[nodiscard]] std::vector<TableMember> read_members(const json& saved) const {
    std::vector<TableMember> members;
    for (const json& each : saved) {
      members.push_back({each.at("name").get<std::string>(), each.at("index").get<std::uint32_t>(),
                         each.at("weight").get<std::uint32_t>()});
      if (members.back().index >= capacities_.backends_max) refuse("member out of range");
    }
    return members;
  }

  [[nodiscard]] SavedTable read_table(const json& saved, const std::string& pool) const {
    SavedTable table{{pool, saved.at("slots").get<std::uint32_t>()}, read_members(saved.at("members")), {}, {}};
    const std::uint32_t slot_count = table.key.slots;
    if (slot_count < GW_TABLE_SLOTS_MIN || slot_count > GW_TABLE_SLOTS_MAX) refuse("slot count out of range");
    if (saved.contains("before"))
      table.change.emplace(
          TableLineage::OneChange{read_members(saved.at("before")), saved.at("since_ms").get<std::int64_t>()});
    for (const json& group : saved.value("moving", json::array())) {
      const auto home = group.at("home").get<std::uint32_t>();
      if (home >= capacities_.backends_max) refuse("home out of range");
      for (const std::uint32_t slot : read_slots(group.at("slots"))) {
        if (slot >= slot_count) refuse("slot out of range");
        table.moving.push_back({slot, home, group.at("since_ms").get<std::int64_t>()});
      }
    }
    std::sort(table.moving.begin(), table.moving.end(), [](const auto& a, const auto& b) { return a.slot < b.slot; });
    return table;
  }

  Capacities capacities_;
  Ledger ledger_;
  std::vector<SavedTable> tables_;
};

// Empty of a pool that is gone.
std::string Ledger::text_of(const std::string& pool) const {
  json saved;
  for (auto each = backends_.lower_bound({pool, ""}); each != backends_.end() && each->first.pool == pool; ++each) {
    const auto& [key, record] = *each;
    saved["backends"].push_back(record.leaving ? save_leaving(key, record) : save_numbers(key, record));
  }
  for (auto each = tables_.lower_bound({pool, 0}); each != tables_.end() && each->first.pool == pool; ++each) {
    json table = save_lineage(*each->second);
    table["pool"] = pool;
    saved["tables"].push_back(std::move(table));
  }
  return saved.is_null() ? std::string() : saved.dump();
}

std::string Ledger::text_of_rest() const {
  json saved{{"version", storage_version}, {"next_index", next_index_}, {"next_service_id", next_service_id_}};
  for (const auto& [key, id] : service_ids_) {
    saved["services"].push_back({{"address", key.address.text()},
                                 {"port", key.port},
                                 {"port_last", key.port_last},
                                 {"protocol", static_cast<unsigned>(key.protocol)},
                                 {"id", id}});
  }
  if (!serving_.empty()) saved["serving"] = serving_;
  for (const auto& [index, generation] : generations_) saved["generations"].push_back({index, generation});
  return saved.dump();
}

LedgerTexts Ledger::save() const {
  const auto untold = std::exchange(untold_, {});
  const std::vector<std::string> pools(untold.begin(), untold.end());
  std::vector<std::string> texts(pools.size());
  in_parallel(pools.size(), [&](std::size_t i) { texts[i] = pools[i].empty() ? text_of_rest() : text_of(pools[i]); });
  for (std::size_t i = 0; i < pools.size(); ++i) {
    if (!texts[i].empty()) texts_.set(pools[i], std::make_shared<const std::string>(std::move(texts[i])));
  }
  return texts_;
}

Result<Ledger> Ledger::load(const LedgerTexts& saved, const Capacities& capacities) {
  if (saved.count("") == 0) return failure("the saved ledger is damaged: its numbers are missing");
  try {
    Storage storage(capacities);
    saved.for_each([&](const std::string& pool, const LedgerTexts::Text& text) { storage.read(pool, *text); });
    return storage.finish();
  } catch (const json::exception& error) {
    return failure(std::string("the saved ledger is damaged: ") + error.what());
  }
}

}  // namespace guideway
