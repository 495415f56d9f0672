// SPDX-License-Identifier: Apache-2.0
// Ledger::compile: the adopted configuration as the bytes that go through the door (ebpf/abi/snapshot.h).
#include <algorithm>
#include <cstring>

#include "controlplane/compile/ledger.hh"
#include "dataplane/net/endian.hh"

namespace guideway {
namespace {

std::uint32_t ticks_of(std::uint32_t milliseconds) {
  const std::uint64_t ticks = (std::uint64_t{milliseconds} * GW_TICKS_PER_SECOND + 999) / 1000;
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(ticks, 1));
}

std::uint16_t flags_of(const ServiceConfig& service) {
  if (service.protocol == Protocol::udp && service.udp == UdpMode::hash) return GW_SERVICE_REMEMBERS_NOTHING;
  const bool follows = service.protocol == Protocol::udp || service.scheduler == Scheduler::round_robin;
  return follows ? GW_SERVICE_FOLLOWS_EVERY_FLOW : 0;
}

gw_service row_of(const ServiceConfig& service, const IpAddress& address, std::uint32_t id, std::uint32_t table) {
  gw_service row{};
  std::copy(address.bytes.begin(), address.bytes.end(), row.key.address);
  row.key.port_be16 = be16(service.port).raw();
  row.key.protocol = static_cast<std::uint8_t>(service.protocol);
  row.key.family = static_cast<std::uint8_t>(address.family);
  row.id = id;
  row.table = table;
  row.scheduler = service.scheduler == Scheduler::maglev ? GW_SCHEDULER_MAGLEV : GW_SCHEDULER_ROUND_ROBIN;
  row.policy = service.policy == NoBackendPolicy::drop ? GW_POLICY_DROP : GW_POLICY_FAIL_OPEN;
  row.flags = flags_of(service);
  row.idle_ticks = ticks_of(service.idle_timeout_ms);
  row.opening_ticks = ticks_of(service.opening_timeout_ms);
  row.closing_ticks = ticks_of(service.closing_timeout_ms);
  return row;
}

gw_backend row_of(const BackendRecord& record, const ReachabilityByIndex& reachability) {
  gw_backend row{};
  row.index = record.index;
  row.forward = record.config.forward == Forward::l2 ? GW_FORWARD_L2 : GW_FORWARD_IPIP;
  row.family = static_cast<std::uint8_t>(record.config.address.family);
  std::copy(record.config.address.bytes.begin(), record.config.address.bytes.end(), row.address);
  const auto found = reachability.find(record.index);
  if (found == reachability.end()) return row;
  const Reachability& reach = found->second;
  row.flags = GW_BACKEND_RESOLVED;
  row.port = reach.port;
  row.mtu_bytes = reach.mtu_bytes;
  std::copy(reach.next_hop_mac.bytes.begin(), reach.next_hop_mac.bytes.end(), row.next_hop_mac);
  std::copy(reach.source_mac.bytes.begin(), reach.source_mac.bytes.end(), row.source_mac);
  std::copy(reach.outer_source.bytes.begin(), reach.outer_source.bytes.end(), row.outer_source);
  return row;
}

template <typename T>
void append(std::vector<std::byte>& bytes, const T& value) {
  const auto* from = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), from, from + sizeof value);
}

}  // namespace

Compiled Ledger::compile(std::uint64_t generation, const ReachabilityByIndex& reachability) const {
  Compiled compiled;
  compiled.generation = generation;
  std::map<PoolTable, std::uint32_t> position_of_table;
  std::map<std::uint64_t, std::uint32_t> position_of_id;  // tables of equal bytes are one
  for (const auto& [key, lineage] : tables_) {
    const auto [found, is_new] =
        position_of_id.try_emplace(lineage->id(), static_cast<std::uint32_t>(compiled.tables.size()));
    if (is_new) compiled.tables.push_back({lineage->id(), lineage->wire()});
    position_of_table[key] = found->second;
  }
  gw_snapshot_header header{};
  header.magic = GW_SNAPSHOT_MAGIC;
  header.abi_version = GW_ABI_VERSION;
  header.generation = generation;
  std::memcpy(&header.hash_key, config_.hash_key.data(), sizeof header.hash_key);
  header.service_count = static_cast<std::uint32_t>(service_ids_.size());
  header.backend_count = static_cast<std::uint32_t>(backends_.size());
  header.table_count = static_cast<std::uint32_t>(compiled.tables.size());
  append(compiled.snapshot, header);
  for (const ServiceConfig& service : config_.services) {
    const std::uint32_t table = position_of_table.at({service.pool, service.table_slots});
    for (const IpAddress& address : service.addresses) {
      const std::uint32_t id = service_ids_.at({address, service.port, service.protocol});
      append(compiled.snapshot, row_of(service, address, id, table));
    }
  }
  for (const auto& [key, record] : backends_) append(compiled.snapshot, row_of(record, reachability));
  for (const CompiledTable& table : compiled.tables) append(compiled.snapshot, gw_table_ref{table.id});
  return compiled;
}

}  // namespace guideway
