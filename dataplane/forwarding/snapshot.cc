// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/snapshot.hh"

#include <cstring>
#include <set>
#include <string>
#include <string_view>

#include "dataplane/net/address.hh"

namespace guideway {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

tl::unexpected<Error> wrong(std::string_view what, std::uint64_t value, std::string_view expected) {
  return failure(std::string(what) + " is " + number(value) + ", expected " + std::string(expected));
}

bool is_prime(std::uint32_t value) {
  if (value < 2) return false;
  for (std::uint32_t divisor = 2; std::uint64_t{divisor} * divisor <= value; ++divisor) {
    if (value % divisor == 0) return false;
  }
  return true;
}

// Copies an object out of bytes whose alignment nobody promised.
template <typename T>
T read_at(std::span<const std::byte> wire, std::size_t offset_bytes) {
  T value;
  std::memcpy(&value, wire.data() + offset_bytes, sizeof value);
  return value;
}

Result<void> check_service(const gw_service& row, std::uint32_t position, std::uint32_t table_count,
                           const Capacities& capacities) {
  const std::string name = "service[" + number(position) + "].";
  if (row.key.family != GW_FAMILY_IPV4 && row.key.family != GW_FAMILY_IPV6)
    return wrong(name + "key.family", row.key.family, "4 or 6");
  if (row.key.protocol != 6 && row.key.protocol != 17) return wrong(name + "key.protocol", row.key.protocol, "6 or 17");
  if (row.id >= capacities.services_max)
    return wrong(name + "id", row.id, "below this datapath's capacity of " + number(capacities.services_max));
  if (row.table >= table_count) return wrong(name + "table", row.table, "below " + number(table_count));
  if (row.scheduler > GW_SCHEDULER_ROUND_ROBIN) return wrong(name + "scheduler", row.scheduler, "0 or 1");
  if (row.policy > GW_POLICY_FAIL_OPEN) return wrong(name + "policy", row.policy, "0 or 1");
  if ((row.flags & ~(GW_SERVICE_FOLLOWS_EVERY_FLOW | GW_SERVICE_REMEMBERS_NOTHING)) != 0)
    return wrong(name + "flags", row.flags, "known flags only");
  constexpr std::uint32_t ticks_max = GW_IDLE_TIMEOUT_SECONDS_MAX * GW_TICKS_PER_SECOND;
  for (const std::uint32_t ticks : {row.idle_ticks, row.opening_ticks, row.closing_ticks}) {
    if (ticks == 0 || ticks > ticks_max) return wrong(name + "*_ticks", ticks, "1 to " + number(ticks_max));
  }
  return {};
}

Result<void> check_backend(const gw_backend& row, std::uint32_t position, const Capacities& capacities) {
  const std::string name = "backend[" + number(position) + "].";
  if (row.index >= capacities.backends_max)
    return wrong(name + "index", row.index, "below this datapath's capacity of " + number(capacities.backends_max));
  if (row.forward > GW_FORWARD_IPIP) return wrong(name + "forward", row.forward, "0 or 1");
  if (row.family != GW_FAMILY_IPV4 && row.family != GW_FAMILY_IPV6) return wrong(name + "family", row.family, "4 or 6");
  if ((row.flags & ~GW_BACKEND_RESOLVED) != 0) return wrong(name + "flags", row.flags, "known flags only");
  return {};
}

struct Layout {
  gw_snapshot_header header;
  std::size_t services_at = sizeof(gw_snapshot_header);
  std::size_t backends_at = 0;
  std::size_t tables_at = 0;
};

Result<Layout> read_layout(std::span<const std::byte> wire, const Capacities& capacities) {
  if (wire.size() < sizeof(gw_snapshot_header))
    return wrong("snapshot length", wire.size(), "at least " + number(sizeof(gw_snapshot_header)) + " bytes");
  Layout layout{read_at<gw_snapshot_header>(wire, 0)};
  const gw_snapshot_header& header = layout.header;
  if (header.magic != GW_SNAPSHOT_MAGIC) return wrong("snapshot magic", header.magic, number(GW_SNAPSHOT_MAGIC));
  if (header.abi_version != GW_ABI_VERSION)
    return wrong("snapshot abi_version", header.abi_version, number(GW_ABI_VERSION) + "; update the older program");
  if (header.generation == 0) return wrong("snapshot generation", 0, "at least 1");
  if (header.service_count > capacities.services_max)
    return wrong("snapshot service_count", header.service_count,
                 "at most " + number(capacities.services_max) + "; start the datapath with more --services-max");
  if (header.backend_count > capacities.backends_max)
    return wrong("snapshot backend_count", header.backend_count,
                 "at most " + number(capacities.backends_max) + "; start the datapath with more --backends-max");
  if (header.table_count > GW_TABLES_MAX)
    return wrong("snapshot table_count", header.table_count, "at most " + number(GW_TABLES_MAX));
  layout.backends_at = layout.services_at + std::size_t{header.service_count} * sizeof(gw_service);
  layout.tables_at = layout.backends_at + std::size_t{header.backend_count} * sizeof(gw_backend);
  const std::size_t length = layout.tables_at + std::size_t{header.table_count} * sizeof(gw_table_ref);
  if (wire.size() != length) return wrong("snapshot length", wire.size(), number(length) + " bytes by its counts");
  return layout;
}

Result<std::vector<gw_backend>> read_backends(std::span<const std::byte> wire, const Layout& layout,
                                              const Capacities& capacities) {
  std::vector<gw_backend> backends(capacities.backends_max, gw_backend{});
  for (std::uint32_t i = 0; i < layout.header.backend_count; ++i) {
    const auto row = read_at<gw_backend>(wire, layout.backends_at + i * sizeof(gw_backend));
    if (auto checked = check_backend(row, i, capacities); !checked) return failure_of(checked);
    if (backends[row.index].family != 0) return wrong("backend index", row.index, "each index once");
    backends[row.index] = row;
  }
  return backends;
}

Result<std::vector<std::shared_ptr<const Table>>> find_tables(std::span<const std::byte> wire, const Layout& layout,
                                                              const TableStore& store) {
  std::vector<std::shared_ptr<const Table>> tables;
  for (std::uint32_t i = 0; i < layout.header.table_count; ++i) {
    const auto ref = read_at<gw_table_ref>(wire, layout.tables_at + i * sizeof(gw_table_ref));
    const auto found = store.find(ref.table_id);
    if (found == store.end()) return wrong("table_id", ref.table_id, "a table that was sent before");
    tables.push_back(found->second);
  }
  return tables;
}

Result<std::vector<Service>> read_services(std::span<const std::byte> wire, const Layout& layout,
                                           std::span<const std::shared_ptr<const Table>> tables,
                                           const Capacities& capacities) {
  std::vector<Service> services;
  std::set<std::string> keys;
  std::set<std::uint32_t> ids;
  for (std::uint32_t i = 0; i < layout.header.service_count; ++i) {
    const auto row = read_at<gw_service>(wire, layout.services_at + i * sizeof(gw_service));
    const auto table_count = static_cast<std::uint32_t>(tables.size());
    if (auto checked = check_service(row, i, table_count, capacities); !checked) return failure_of(checked);
    if (!keys.emplace(reinterpret_cast<const char*>(&row.key), sizeof row.key).second)
      return wrong("service key at position", i, "each address, port and protocol once");
    if (!ids.insert(row.id).second) return wrong("service id", row.id, "each id once");
    const auto slots = tables[row.table]->slots();
    services.push_back({row, slots.data(), static_cast<std::uint32_t>(slots.size())});
  }
  return services;
}

}  // namespace

Result<std::shared_ptr<const Table>> Table::load(std::span<const std::byte> wire, const Capacities& capacities) {
  if (wire.size() < sizeof(gw_table_header))
    return wrong("table length", wire.size(), "at least " + number(sizeof(gw_table_header)) + " bytes");
  const auto header = read_at<gw_table_header>(wire, 0);
  if (header.magic != GW_TABLE_MAGIC) return wrong("table magic", header.magic, number(GW_TABLE_MAGIC));
  if (header.abi_version != GW_ABI_VERSION)
    return wrong("table abi_version", header.abi_version, number(GW_ABI_VERSION));
  if (header.table_id == 0) return wrong("table_id", 0, "not 0");
  if (header.slot_count < GW_TABLE_SLOTS_MIN || header.slot_count > GW_TABLE_SLOTS_MAX || !is_prime(header.slot_count))
    return wrong("table slot_count", header.slot_count,
                 "a prime from " + number(GW_TABLE_SLOTS_MIN) + " to " + number(GW_TABLE_SLOTS_MAX));
  const std::size_t slots_bytes = std::size_t{header.slot_count} * sizeof(gw_slot);
  if (wire.size() != sizeof header + slots_bytes)
    return wrong("table length", wire.size(), number(sizeof header + slots_bytes) + " bytes by its slot_count");

  auto memory = Mapping::anonymous(slots_bytes);
  if (!memory) return failure_of(memory);
  // Copied first, checked after: the checks must hold for the bytes that workers will read.
  std::memcpy(memory->data(), wire.data() + sizeof header, slots_bytes);
  const std::span<const gw_slot> slots{reinterpret_cast<const gw_slot*>(memory->data()), header.slot_count};
  for (std::uint32_t i = 0; i < header.slot_count; ++i) {
    for (const std::uint32_t backend : {slots[i].current_backend, slots[i].home_backend}) {
      if (backend != GW_NO_BACKEND && backend >= capacities.backends_max)
        return wrong("backend of slot[" + number(i) + "]", backend, "below " + number(capacities.backends_max));
    }
  }
  return std::shared_ptr<const Table>(new Table(header.table_id, std::move(*memory), slots));
}

Result<std::unique_ptr<const Snapshot>> Snapshot::load(std::span<const std::byte> wire, const TableStore& tables,
                                                       const Capacities& capacities) {
  const auto layout = read_layout(wire, capacities);
  if (!layout) return failure_of(layout);
  auto backends = read_backends(wire, *layout, capacities);
  if (!backends) return failure_of(backends);
  auto used_tables = find_tables(wire, *layout, tables);
  if (!used_tables) return failure_of(used_tables);
  auto services = read_services(wire, *layout, *used_tables, capacities);
  if (!services) return failure_of(services);

  std::unique_ptr<Snapshot> snapshot(new Snapshot);
  snapshot->generation_ = layout->header.generation;
  snapshot->hash_key_ = layout->header.hash_key;
  snapshot->services_ = ServiceTable(std::move(*services));
  snapshot->backends_ = std::move(*backends);
  snapshot->tables_ = std::move(*used_tables);
  return snapshot;
}

std::unique_ptr<const Snapshot> Snapshot::empty(const Capacities& capacities) {
  std::unique_ptr<Snapshot> snapshot(new Snapshot);
  snapshot->backends_.resize(capacities.backends_max);
  return snapshot;
}

std::vector<std::uint64_t> Snapshot::table_ids() const {
  std::vector<std::uint64_t> ids;
  ids.reserve(tables_.size());
  for (const auto& table : tables_) ids.push_back(table->id());
  return ids;
}

}  // namespace guideway
