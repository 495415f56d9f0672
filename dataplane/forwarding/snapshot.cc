// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/snapshot.hh"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "dataplane/base/number.hh"
#include "dataplane/forwarding/snapshot_rows.hh"
#include "dataplane/forwarding/table_header.hh"
#include "dataplane/net/endian.hh"

namespace guideway {
namespace {

// Copies an object out of bytes whose alignment nobody promised.
template <typename T>
T read_at(std::span<const std::byte> wire, std::size_t offset_bytes) {
  T value;
  std::memcpy(&value, wire.data() + offset_bytes, sizeof value);
  return value;
}

struct Layout {
  gw_snapshot_header header;
  std::size_t services_at = sizeof(gw_snapshot_header);
  std::size_t backends_at = 0;
  std::size_t tables_at = 0;
  std::size_t access_prefixes_at = 0;
};

Result<Layout> read_layout(std::span<const std::byte> wire, const Capacities& capacities) {
  if (wire.size() < sizeof(gw_snapshot_header))
    return wrong_field("snapshot length", wire.size(), "at least " + number(sizeof(gw_snapshot_header)) + " bytes");
  Layout layout{read_at<gw_snapshot_header>(wire, 0)};
  const gw_snapshot_header& header = layout.header;
  if (header.magic != GW_SNAPSHOT_MAGIC) return wrong_field("snapshot magic", header.magic, number(GW_SNAPSHOT_MAGIC));
  if (header.abi_version != GW_ABI_VERSION)
    return wrong_field("snapshot abi_version", header.abi_version,
                       number(GW_ABI_VERSION) + "; update the older program");
  if (header.generation == 0) return wrong_field("snapshot generation", 0, "at least 1");
  if (header.service_count > capacities.services_max)
    return wrong_field("snapshot service_count", header.service_count,
                       "at most " + number(capacities.services_max) + "; start the datapath with more --services-max");
  if (header.backend_count > capacities.backends_max)
    return wrong_field("snapshot backend_count", header.backend_count,
                       "at most " + number(capacities.backends_max) + "; start the datapath with more --backends-max");
  if (header.table_count > GW_TABLES_MAX)
    return wrong_field("snapshot table_count", header.table_count, "at most " + number(GW_TABLES_MAX));
  if (header.access_prefix_count > GW_ACCESS_PREFIXES_MAX)
    return wrong_field("snapshot access_prefix_count", header.access_prefix_count,
                       "at most " + number(GW_ACCESS_PREFIXES_MAX));
  if ((header.flags & ~std::uint32_t{GW_SNAPSHOT_FLAGS}) != 0)
    return wrong_field("snapshot flags", header.flags, "known flags only");
  for (const std::uint32_t rate : {header.answers.echo, header.answers.too_big, header.answers.reject}) {
    if (rate > GW_FLOW_RATE_MAX)
      return wrong_field("snapshot answers", rate, "at most " + number(GW_FLOW_RATE_MAX) + " a second");
  }
  layout.backends_at = layout.services_at + std::size_t{header.service_count} * sizeof(gw_service);
  layout.tables_at = layout.backends_at + std::size_t{header.backend_count} * sizeof(gw_backend);
  layout.access_prefixes_at = layout.tables_at + std::size_t{header.table_count} * sizeof(gw_table_ref);
  const std::size_t length =
      layout.access_prefixes_at + std::size_t{header.access_prefix_count} * sizeof(gw_access_prefix);
  if (wire.size() != length)
    return wrong_field("snapshot length", wire.size(), number(length) + " bytes by its counts");
  return layout;
}

Result<std::vector<gw_backend>> read_backends(std::span<const std::byte> wire, const Layout& layout,
                                              const Capacities& capacities) {
  std::vector<gw_backend> backends;
  if (layout.header.backend_count == 0) return backends;
  // Rows come by index as a rule: then every row is written once, and there is room for just as many as there must be.
  const auto last = read_at<gw_backend>(wire, layout.tables_at - sizeof(gw_backend));
  backends.reserve(std::max(layout.header.backend_count, std::min(last.index, capacities.backends_max - 1) + 1));
  // Some at once: a processor waits if what it has just written is read across the words in which it was.
  std::array<gw_backend, 32> rows{};
  for (std::uint32_t i = 0; i < layout.header.backend_count; ++i) {
    if (i % rows.size() == 0) {
      const std::size_t count = std::min<std::size_t>(rows.size(), layout.header.backend_count - i);
      std::memcpy(rows.data(), wire.data() + layout.backends_at + i * sizeof(gw_backend), count * sizeof(gw_backend));
    }
    const gw_backend& row = rows[i % rows.size()];
    if (auto checked = check_backend(row, i, capacities); !checked) return failure_of(checked);
    if (row.index >= backends.size()) {
      backends.resize(row.index);  // no backend has family 0
      backends.push_back(row);
      continue;
    }
    if (backends[row.index].family != 0) return wrong_field("backend index", row.index, "each index once");
    backends[row.index] = row;
  }
  return backends;
}

Result<std::vector<std::shared_ptr<const Table>>> find_tables(std::span<const std::byte> wire, const Layout& layout,
                                                              const TableStore& store,
                                                              std::span<const std::shared_ptr<const Table>> before) {
  std::vector<std::shared_ptr<const Table>> tables;
  tables.reserve(layout.header.table_count);
  for (std::uint32_t i = 0; i < layout.header.table_count; ++i) {
    const auto ref = read_at<gw_table_ref>(wire, layout.tables_at + i * sizeof(gw_table_ref));
    if (i < before.size() && before[i]->id() == ref.table_id) {
      tables.push_back(before[i]);
      continue;
    }
    const auto found = store.find(ref.table_id);
    if (found == store.end()) return wrong_field("table_id", ref.table_id, "a table that was sent before");
    tables.push_back(found->second);
  }
  return tables;
}

struct IndexedServices {
  std::vector<Service> rows;
  ServiceKeyIndex by_key;
};

Result<IndexedServices> read_services(std::span<const std::byte> wire, const Layout& layout,
                                      std::span<const std::shared_ptr<const Table>> tables,
                                      const Capacities& capacities) {
  const std::uint32_t count = layout.header.service_count;
  IndexedServices services{std::vector<Service>(count), ServiceKeyIndex(count)};
  std::vector<std::uint8_t> ids(capacities.services_max);  // 1: taken
  for (std::uint32_t i = 0; i < count; ++i) {
    Service& service = services.rows[i];
    service.row = read_at<gw_service>(wire, layout.services_at + i * sizeof(gw_service));
    const gw_service& row = service.row;
    const auto table_count = static_cast<std::uint32_t>(tables.size());
    if (auto checked = check_service(row, i, table_count, capacities); !checked) return failure_of(checked);
    if (!services.by_key.add(ServiceTable::key_in_index(row)))
      return wrong_field("service key at position", i, "each address, port and protocol once");
    if (std::exchange(ids[row.id], std::uint8_t{1}) != 0) return wrong_field("service id", row.id, "each id once");
    const auto slots = tables[row.table]->slots();
    service.slots = slots.data();
    service.slot_count = static_cast<std::uint32_t>(slots.size());
  }
  return services;
}

// Ranges of one address and protocol must leave no doubt, and be few enough to be looked through.
Result<void> check_ranges(std::span<const Service> services) {
  std::map<std::string, std::vector<std::pair<std::uint16_t, std::uint16_t>>> ranges;
  for (const Service& service : services) {
    if (service.row.port_last == 0) continue;
    gw_service_key key = service.row.key;
    key.port_be16 = 0;
    auto& own = ranges[std::string(reinterpret_cast<const char*>(&key), sizeof key)];
    own.emplace_back(be16::from_raw(service.row.key.port_be16).host(), service.row.port_last);
    if (own.size() > GW_PORT_RANGES_MAX)
      return wrong_field("port ranges of one address", own.size(), "at most " + number(GW_PORT_RANGES_MAX));
  }
  for (auto& [key, own] : ranges) {
    std::sort(own.begin(), own.end());
    for (std::size_t i = 1; i < own.size(); ++i) {
      if (own[i].first <= own[i - 1].second)
        return wrong_field("first port of a range", own[i].first,
                           "above the range that ends at " + number(own[i - 1].second));
    }
  }
  return {};
}

Result<std::vector<gw_access_prefix>> read_access_prefixes(std::span<const std::byte> wire, const Layout& layout) {
  std::vector<gw_access_prefix> prefixes;
  std::set<std::string> seen;
  for (std::uint32_t i = 0; i < layout.header.access_prefix_count; ++i) {
    auto row = read_at<gw_access_prefix>(wire, layout.access_prefixes_at + i * sizeof(gw_access_prefix));
    if (auto checked = check_access_prefix(row, i); !checked) return failure_of(checked);
    prefixes.push_back(row);
    row.allows = 0;
    if (!seen.emplace(reinterpret_cast<const char*>(&row), sizeof row).second)
      return wrong_field("access_prefix at position", i, "each prefix of a list once");
  }
  return prefixes;
}

std::vector<OuterHeaders> outer_headers_of_all(const std::vector<gw_backend>& backends) {
  std::vector<OuterHeaders> all;
  if (std::none_of(backends.begin(), backends.end(), has_plain_tunnel)) return all;
  all.reserve(backends.size());
  for (const gw_backend& backend : backends) all.push_back(outer_headers_of(backend));
  return all;
}

bool is_unrestricted(const Service& service) {
  return service.row.access_list == 0 && service.row.flow_rate == 0 && service.row.source_flow_rate == 0;
}

// Half of a core's first cache: what was copied is still there when it is checked.
constexpr std::uint32_t slots_at_once = 2048;

// Whether every backend of the slots is one that a datapath of that many may have, or none. One comparison a number:
// none is the highest, and the next one 0.
bool all_are_below(std::span<const gw_slot> slots, std::uint32_t backends_max) {
  static_assert(GW_NO_BACKEND + 1U == 0);
  std::uint32_t highest = 0;
  for (const gw_slot& slot : slots) {
    highest = std::max(highest, slot.current_backend + 1);
    highest = std::max(highest, slot.home_backend + 1);
  }
  return highest <= backends_max;
}

Result<void> check_slots(std::span<const gw_slot> slots, std::uint32_t first, const Capacities& capacities) {
  if (all_are_below(slots, capacities.backends_max)) [[likely]]
    return {};
  for (std::uint32_t i = 0; i < slots.size(); ++i) {
    for (const std::uint32_t backend : {slots[i].current_backend, slots[i].home_backend}) {
      if (backend != GW_NO_BACKEND && backend >= capacities.backends_max)
        return wrong_field("backend of slot[" + number(first + i) + "]", backend,
                           "below " + number(capacities.backends_max));
    }
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Table>> Table::load(std::span<const std::byte> wire, const Capacities& capacities,
                                                 TableMemory* memory) {
  const auto header = read_table_header(wire);
  if (!header) return failure_of(header);
  if (wire.size() != table_length_bytes(header->slot_count))
    return wrong_field("table length", wire.size(),
                       number(table_length_bytes(header->slot_count)) + " bytes by its slot_count");
  const std::span<const std::byte> wire_slots = wire.subspan(sizeof *header);

  TableMemory of_its_own;
  auto block = (memory != nullptr ? *memory : of_its_own).take(wire_slots.size());
  if (!block) return failure_of(block);
  const std::span<const gw_slot> slots{reinterpret_cast<const gw_slot*>(block->bytes().data()), header->slot_count};
  for (std::uint32_t first = 0; first < header->slot_count; first += slots_at_once) {
    const std::uint32_t count = std::min(slots_at_once, header->slot_count - first);
    // Copied first, checked after: the checks must hold for the bytes that workers will read.
    std::memcpy(block->bytes().data() + first * sizeof(gw_slot), wire_slots.data() + first * sizeof(gw_slot),
                count * sizeof(gw_slot));
    if (auto checked = check_slots(slots.subspan(first, count), first, capacities); !checked)
      return failure_of(checked);
  }
  return std::shared_ptr<const Table>(new Table(header->table_id, std::move(*block), slots));
}

Result<std::unique_ptr<const Snapshot>> Snapshot::load(std::span<const std::byte> wire, const TableStore& tables,
                                                       const Capacities& capacities, const Snapshot* before) {
  const auto layout = read_layout(wire, capacities);
  if (!layout) return failure_of(layout);
  auto backends = read_backends(wire, *layout, capacities);
  if (!backends) return failure_of(backends);
  using Tables = std::span<const std::shared_ptr<const Table>>;
  auto used_tables = find_tables(wire, *layout, tables, before == nullptr ? Tables{} : Tables{before->tables_});
  if (!used_tables) return failure_of(used_tables);
  auto services = read_services(wire, *layout, *used_tables, capacities);
  if (!services) return failure_of(services);

  if (auto checked = check_ranges(services->rows); !checked) return failure_of(checked);
  auto access_prefixes = read_access_prefixes(wire, *layout);
  if (!access_prefixes) return failure_of(access_prefixes);

  std::unique_ptr<Snapshot> snapshot(new Snapshot);
  snapshot->admits_everything_ = std::all_of(services->rows.begin(), services->rows.end(), is_unrestricted);
  snapshot->access_prefixes_ = std::move(*access_prefixes);
  snapshot->access_lists_ = AccessLists(snapshot->access_prefixes_);
  snapshot->answer_rates_ = layout->header.answers;
  snapshot->answers_echo_ = (layout->header.flags & GW_SNAPSHOT_ECHO_TO_KERNEL) == 0;
  snapshot->generation_ = layout->header.generation;
  snapshot->hash_key_ = layout->header.hash_key;
  snapshot->services_ = ServiceTable(std::move(services->by_key), std::move(services->rows));
  snapshot->outer_headers_ = outer_headers_of_all(*backends);
  snapshot->backends_ = std::move(*backends);
  snapshot->tables_ = std::move(*used_tables);
  return snapshot;
}

std::unique_ptr<const Snapshot> Snapshot::empty() { return std::unique_ptr<Snapshot>(new Snapshot); }

std::vector<std::uint64_t> Snapshot::table_ids() const {
  std::vector<std::uint64_t> ids;
  ids.reserve(tables_.size());
  for (const auto& table : tables_) ids.push_back(table->id());
  return ids;
}

}  // namespace guideway
