// SPDX-License-Identifier: Apache-2.0
// Ledger::save and Ledger::load: the ledger as JSON text. Moving slots are grouped by home and time, since one change
// moves many slots at once.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/compile/in_parallel.hh"
#include "controlplane/compile/ledger.hh"
#include "controlplane/config/json.hh"

namespace guideway {
namespace {

using nlohmann::json;

constexpr int storage_version = 3;
// The version before knew neither prefixes nor ranges of ports; what it saved means the same today.
constexpr int oldest_readable_version = 2;

json save_backend(const BackendKey& key, const BackendRecord& record) {
  return {{"pool", key.pool},          {"index", record.index},     {"generation", record.generation},
          {"leaving", record.leaving}, {"at_once", record.at_once}, {"backend", to_json(record.config)}};
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

json save_lineage(const TableLineage& lineage) {
  json members = json::array();
  for (const TableMember& member : lineage.members())
    members.push_back({{"name", member.name}, {"index", member.index}, {"weight", member.weight}});
  std::map<std::pair<std::uint32_t, std::int64_t>, std::vector<std::uint32_t>> groups;
  for (const auto& moving : lineage.moving()) groups[{moving.home, moving.since_ms}].push_back(moving.slot);
  json moving = json::array();
  for (const auto& [group, slots] : groups)
    moving.push_back({{"home", group.first}, {"since_ms", group.second}, {"slots", slots}});
  return {{"slots", lineage.slot_count()}, {"members", members}, {"moving", moving}};
}

struct SavedLineage {
  std::uint32_t slot_count = 0;
  std::vector<TableMember> members;
  std::vector<TableLineage::Moving> moving;
};

SavedLineage load_lineage(const json& saved, const Capacities& capacities) {
  const auto slot_count = saved.at("slots").get<std::uint32_t>();
  if (slot_count < GW_TABLE_SLOTS_MIN || slot_count > GW_TABLE_SLOTS_MAX)
    throw json::other_error::create(501, "slot count out of range", nullptr);
  std::vector<TableMember> members;
  for (const json& each : saved.at("members"))
    members.push_back({each.at("name").get<std::string>(), each.at("index").get<std::uint32_t>(),
                       each.at("weight").get<std::uint32_t>()});
  std::vector<TableLineage::Moving> moving;
  for (const json& group : saved.at("moving")) {
    const auto home = group.at("home").get<std::uint32_t>();
    if (home >= capacities.backends_max) throw json::other_error::create(501, "home out of range", nullptr);
    for (const json& slot : group.at("slots")) {
      moving.push_back({slot.get<std::uint32_t>(), home, group.at("since_ms").get<std::int64_t>()});
      if (moving.back().slot >= slot_count) throw json::other_error::create(501, "slot out of range", nullptr);
    }
  }
  std::sort(moving.begin(), moving.end(), [](const auto& a, const auto& b) { return a.slot < b.slot; });
  return {slot_count, std::move(members), std::move(moving)};
}

}  // namespace

std::string Ledger::save() const {
  json saved{{"version", storage_version}, {"next_index", next_index_}, {"next_service_id", next_service_id_}};
  for (const auto& [key, record] : backends_) saved["backends"].push_back(save_backend(key, record));
  for (const auto& [key, id] : service_ids_) {
    saved["services"].push_back({{"address", key.address.text()},
                                 {"port", key.port},
                                 {"port_last", key.port_last},
                                 {"protocol", static_cast<unsigned>(key.protocol)},
                                 {"id", id}});
  }
  for (const auto& [key, lineage] : tables_) {
    json table = save_lineage(*lineage);
    table["pool"] = key.pool;
    saved["tables"].push_back(std::move(table));
  }
  if (!serving_.empty()) saved["serving"] = serving_;
  for (const auto& [index, generation] : generations_) saved["generations"].push_back({index, generation});
  return saved.dump();
}

Result<Ledger> Ledger::load(const std::string& text, const Capacities& capacities) {
  try {
    const json saved = json::parse(text);
    const int version = saved.at("version").get<int>();
    if (version < oldest_readable_version || version > storage_version)
      return failure("the saved ledger has an unknown version");
    Ledger ledger(capacities);
    ledger.next_index_ = saved.at("next_index").get<std::uint32_t>();
    ledger.next_service_id_ = saved.at("next_service_id").get<std::uint32_t>();
    const auto list = [&saved](const char* key) { return saved.value(key, json::array()); };
    for (const json& each : list("backends")) {
      BackendRecord record = load_backend(each);
      if (record.index >= capacities.backends_max)
        return failure("the saved ledger has backend index " + std::to_string(record.index) +
                       ", above this datapath's capacity; start it with more --backends-max");
      ledger.backends_[{each.at("pool").get<std::string>(), record.config.name}] = std::move(record);
    }
    for (const json& each : list("services")) {
      const ServiceKey key{parsed(AddressPrefix::parse(each.at("address").get<std::string>()), "address"),
                           each.at("port").get<std::uint16_t>(), each.value("port_last", std::uint16_t{0}),
                           static_cast<Protocol>(each.at("protocol").get<unsigned>())};
      ledger.service_ids_[key] = each.at("id").get<std::uint32_t>();
    }
    std::vector<std::pair<PoolTable, SavedLineage>> tables;
    for (const json& each : list("tables")) {
      SavedLineage table = load_lineage(each, capacities);
      tables.emplace_back(PoolTable{each.at("pool").get<std::string>(), table.slot_count}, std::move(table));
    }
    std::vector<std::shared_ptr<TableLineage>> built(tables.size());
    in_parallel(tables.size(), [&](std::size_t i) {
      auto& [key, saved_table] = tables[i];
      built[i] = std::make_shared<TableLineage>(key.slots);
      built[i]->restore(std::move(saved_table.members), std::move(saved_table.moving));
      (void)built[i]->wire();
    });
    for (std::size_t i = 0; i < tables.size(); ++i) ledger.tables_[tables[i].first] = std::move(built[i]);
    ledger.serving_ = saved.value("serving", std::map<std::string, std::string>());
    for (const json& each : list("generations"))
      ledger.generations_[each.at(0).get<std::uint32_t>()] = each.at(1).get<std::uint32_t>();
    return ledger;
  } catch (const json::exception& error) {
    return failure(std::string("the saved ledger is damaged: ") + error.what());
  }
}

}  // namespace guideway
