// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/observe.hh"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "controlplane/config/json.hh"
#include "controlplane/config/words.hh"
#include "controlplane/daemon/backup_choice.hh"
#include "controlplane/daemon/clock.hh"
#include "controlplane/daemon/observe_drain.hh"
#include "controlplane/daemon/observe_health.hh"
#include "controlplane/daemon/population.hh"
#include "controlplane/daemon/version.hh"
#include "controlplane/model/edit.hh"
#include "dataplane/pipeline/exits.hh"

namespace guideway {
namespace {

using nlohmann::json;

bool is_up(const HealthBoard& board, std::uint32_t index) {
  return gw_health_state_of(board.word(index)) == GW_HEALTH_UP;
}

// Visits the backends of one pool, or all.
template <typename Visit>
void for_each_backend(const Observed& observed, const std::optional<std::string>& pool, Visit visit) {
  const auto& backends = observed.ledger.backends();
  for (auto each = pool ? backends.lower_bound({*pool, ""}) : backends.begin(); each != backends.end(); ++each) {
    if (pool && each->first.pool != *pool) return;
    visit(each->first, each->second);
  }
}

Population population_of(const Observed& observed, const std::optional<std::string>& pool) {
  Population result;
  for_each_backend(observed, pool, [&](const BackendKey&, const BackendRecord& record) {
    result.count(record, is_up(observed.board, record.index));
  });
  return result;
}

// A sentence where the word alone leaves a question open.
std::string detail_of(const Observed& observed, const HealthBoard::Entry& entry) {
  if (entry.health.state().reason != GW_REASON_UNRESOLVED) return health_detail(entry, steady_ms());
  auto found = observed.reachability.unresolved.find(entry.record.index);
  return found == observed.reachability.unresolved.end() ? "" : found->second;
}

void add_counters(const Observed& observed, std::uint32_t index, json& to) {
  gw_backend_counters counters{};
  if (observed.door.counters() != nullptr) counters = observed.door.counters()->backend(index);
  to["packets"] = counters.packets;
  to["bytes"] = counters.bytes;
  to["opened"] = counters.opened;
  to["remembered"] = counters.remembered;
}

json next_hop_json(const Observed& observed, const BackendRecord& record) {
  auto reached = observed.reachability.resolved.find(record.index);
  if (reached != observed.reachability.resolved.end()) return reached->second.next_hop_mac.text();
  return record.config.mac ? json(record.config.mac->text()) : json(nullptr);
}

// What its mode says beside its name, and what is known of the way to it.
void add_way(const Observed& observed, const BackendRecord& record, json& to) {
  const json configured = to_json(record.config);
  for (const char* key : {"gue_variant", "gue_port", "gre_key", "mss_clamp"}) {
    if (configured.contains(key)) to[key] = configured[key];
  }
  to["vlan"] = record.config.vlan;
  const auto reached = observed.reachability.resolved.find(record.index);
  if (reached == observed.reachability.resolved.end()) return;
  to["vlan"] = reached->second.vlan;
  to["mtu"] = reached->second.mtu_bytes;
  if (is_tunnel(record.config.forward)) to["outer_source"] = reached->second.outer_source.text();
}

json backend_json(const Observed& observed, const BackendKey& key, const BackendRecord& record) {
  const HealthState health = HealthState::of_word(observed.board.word(record.index));
  json result{{"pool", key.pool},
              {"name", key.name},
              {"address", record.config.address.text()},
              {"port", record.config.port},
              {"weight", record.config.weight},
              {"forward", name_of(record.config.forward)},
              {"administrative", name_of(record.config.administrative)},
              {"state", name_of(health.state)},
              {"reason", name_of(health.reason)},
              {"share", static_cast<double>(health.share) * 100.0 / GW_SHARE_FULL},
              {"leaving", record.leaving},
              {"index", record.index}};
  result["mac"] = next_hop_json(observed, record);
  add_way(observed, record, result);
  if (const HealthBoard::Entry* entry = observed.board.find(record.index)) {
    add_health(*entry, steady_ms(), result);
    result["detail"] = detail_of(observed, *entry);
  }
  add_counters(observed, record.index, result);
  if (health.state == GW_HEALTH_DRAINING)
    result["drain"] =
        drain_json(observed.drains, observed.intent.edits, key, record.index, {steady_ms(), lasting_ms()});
  return result;
}

json backends_json(const Observed& observed, const std::optional<std::string>& pool) {
  json list = json::array();
  for_each_backend(observed, pool, [&](const BackendKey& key, const BackendRecord& record) {
    list.push_back(backend_json(observed, key, record));
  });
  return list;
}

json service_json(const Observed& observed, const ServiceConfig& service) {
  json addresses = json::array();
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  for (const AddressPrefix& address : service.addresses) addresses.push_back(address.text());
  for (const std::uint32_t id : observed.ledger.service_ids(service)) {
    if (observed.door.counters() == nullptr) break;
    const gw_service_counters counters = observed.door.counters()->service(id);
    packets += counters.packets;
    bytes += counters.bytes;
  }
  const Population population = population_of(observed, service.pool);
  return {{"name", service.name},
          {"addresses", std::move(addresses)},
          {"port", service.port_last == 0 ? json(service.port) : json(ports_text(service))},
          {"protocol", name_of(service.protocol)},
          {"pool", service.pool},
          {"scheduler", name_of(service.scheduler)},
          {"policy", name_of(service.policy)},
          {"backends", population.backends},
          {"backends_up", population.up},
          {"health", pool_health_json(observed.board.find_pool(service.pool))},
          {"served_by", server_of(observed.ledger.serving(), service.pool)},
          {"packets", packets},
          {"bytes", bytes}};
}

json services_json(const Observed& observed) {
  json list = json::array();
  for (const ServiceConfig& service : observed.intent.running.services) list.push_back(service_json(observed, service));
  return list;
}

json datapath_json(const DoorClient& door) {
  const Datapath* datapath = door.datapath();
  if (datapath == nullptr) return {{"connected", false}, {"door", door.path()}, {"ports", json::array()}};
  json ports = json::array();
  for (const DatapathPort& port : datapath->ports) {
    ports.push_back({{"number", port.number},
                     {"name", port.name},
                     {"kernel_face", port.kernel_face},
                     {"mac", port.mac.text()},
                     {"mtu", port.mtu_bytes}});
  }
  return {{"connected", true},
          {"name", datapath->name},
          {"process_id", datapath->process_id},
          {"workers", datapath->worker_count},
          {"door", door.path()},
          {"ports", std::move(ports)}};
}

json worker_json(const gw_worker_counters& worker) {
  json exits = json::object();
  for (const ExitName& exit : exit_names()) exits[std::string(exit.name)] = worker.exits[exit.exit];
  return {{"received", worker.received_packets},
          {"received_bytes", worker.received_bytes},
          {"sent_bytes", worker.sent_bytes},
          {"from_kernel_packets", worker.from_kernel_packets},
          {"from_kernel_dropped", worker.from_kernel_dropped},
          {"loops", worker.loops},
          {"busy_loops", worker.busy_loops},
          {"plain", worker.plain},
          {"asked", worker.asked},
          {"flows_remembered", worker.flows_remembered},
          {"flows_inserted", worker.flows_inserted},
          {"flows_not_remembered", worker.flows_not_remembered},
          {"flows_displaced", worker.flows_displaced},
          {"flows_expired", worker.flows_expired},
          {"cycles", worker.cycles},
          {"busy_cycles", worker.busy_cycles},
          {"bursts", worker.bursts},
          {"latencies", worker.latencies},
          {"latency_sum_ns", worker.latency_sum_ns},
          {"exits", std::move(exits)}};
}

json stats_of_backends(const Observed& observed) {
  json list = json::array();
  for_each_backend(observed, std::nullopt, [&](const BackendKey& key, const BackendRecord& record) {
    json one{{"pool", key.pool}, {"name", key.name}};
    add_counters(observed, record.index, one);
    list.push_back(std::move(one));
  });
  return list;
}

// What only some services have, as it is configured.
void add_details(const ServiceConfig& service, json& to) {
  if (service.protocol == ServiceProtocol::both()) {
    to["udp_idle_timeout_ms"] = service.udp_idle_timeout_ms;
    to["udp_opening_timeout_ms"] = service.udp_opening_timeout_ms;
  }
  const json configured = to_json(service);
  for (const char* key :
       {"source_bits_ipv4", "source_bits_ipv6", "dscp", "allow", "deny", "new_flows_per_second", "new_flows_burst",
        "source_flows_per_second", "source_flows_burst", "source_flows_bits_ipv4", "source_flows_bits_ipv6"}) {
    if (configured.contains(key)) to[key] = configured[key];
  }
}

}  // namespace

Reply observe_status(const Observed& observed) {
  const Population population = population_of(observed, std::nullopt);
  return {200,
          {{"version", version},
           {"uptime_s", observed.uptime_s},
           {"generation", observed.generation},
           {"datapath", datapath_json(observed.door)},
           {"services", observed.intent.running.services.size()},
           {"backends", population.backends},
           {"backends_up", population.up},
           {"moving_slots", observed.ledger.moving_slots()},
           {"edits", observed.intent.edits.size()},
           {"config_file", observed.intent.config_file},
           {"warnings", observed.warnings}}};
}

Reply observe_services(const Observed& observed) { return {200, {{"services", services_json(observed)}}}; }

Reply observe_service(const Observed& observed, const std::string& name) {
  for (const ServiceConfig& service : observed.intent.running.services) {
    if (service.name != name) continue;
    json result = service_json(observed, service);
    result["backend_list"] = backends_json(observed, service.pool);
    result["table_slots"] = service.table_slots;
    result["udp"] = name_of(service.udp);
    result["idle_timeout_ms"] = service.idle_timeout_ms;
    result["opening_timeout_ms"] = service.opening_timeout_ms;
    result["closing_timeout_ms"] = service.closing_timeout_ms;
    add_details(service, result);
    return {200, std::move(result)};
  }
  return error_reply(404, "there is no service \"" + name + "\"");
}

Reply observe_backends(const Observed& observed, const std::optional<std::string>& pool) {
  const auto& pools = observed.intent.running.pools;
  json list = backends_json(observed, pool);
  const bool is_known = !pool || !list.empty() || std::any_of(pools.begin(), pools.end(), [&](const PoolConfig& each) {
    return each.name == *pool;
  });
  if (!is_known) return error_reply(404, "there is no pool \"" + *pool + "\"");
  return {200, {{"backends", std::move(list)}}};
}

Reply observe_stats(const Observed& observed) {
  const CountersView* counters = observed.door.counters();
  json workers = json::array();
  json exits = json::object();
  for (const ExitName& exit : exit_names()) exits[std::string(exit.name)] = {{"count", 0}, {"meaning", exit.meaning}};
  for (std::uint32_t number = 0; counters != nullptr && number < counters->worker_count(); ++number) {
    const gw_worker_counters worker = counters->worker(number);
    workers.push_back(worker_json(worker));
    for (const ExitName& exit : exit_names()) {
      json& count = exits[std::string(exit.name)]["count"];
      count = count.get<std::uint64_t>() + worker.exits[exit.exit];
    }
  }
  return {200,
          {{"cycles_per_second", counters == nullptr ? 0 : counters->cycles_per_second()},
           {"workers", std::move(workers)},
           {"exits", std::move(exits)},
           {"services", services_json(observed)},
           {"backends", stats_of_backends(observed)}}};
}

}  // namespace guideway
