// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/snapshot_view.hh"

#include <cstring>
#include <vector>

#include "ebpf/abi/snapshot.h"
#include "ebpf/abi/source.h"

namespace guideway {
namespace {

template <typename Row>
std::vector<Row> take_rows(const std::byte*& at, std::uint32_t count) {
  std::vector<Row> rows(count);
  if (count != 0) std::memcpy(rows.data(), at, count * sizeof(Row));
  at += count * sizeof(Row);
  return rows;
}

Service service_of(const gw_service& row, const Compiled& compiled) {
  const std::vector<std::byte>& table = *compiled.tables.at(row.table).bytes;
  Service service;
  service.row = row;
  service.slots = reinterpret_cast<const gw_slot*>(table.data() + sizeof(gw_table_header));
  service.slot_count = static_cast<std::uint32_t>((table.size() - sizeof(gw_table_header)) / sizeof(gw_slot));
  return service;
}

}  // namespace

std::map<std::uint32_t, gw_backend> backend_rows(const Compiled& compiled) {
  gw_snapshot_header header{};
  std::memcpy(&header, compiled.snapshot.data(), sizeof header);
  const std::byte* at =
      compiled.snapshot.data() + sizeof header + std::size_t{header.service_count} * sizeof(gw_service);
  std::map<std::uint32_t, gw_backend> rows;
  for (const gw_backend& row : take_rows<gw_backend>(at, header.backend_count)) rows.emplace(row.index, row);
  return rows;
}

SnapshotView::SnapshotView(const Compiled& compiled) {
  gw_snapshot_header header{};
  std::memcpy(&header, compiled.snapshot.data(), sizeof header);
  hash_key_ = header.hash_key;
  const std::byte* at = compiled.snapshot.data() + sizeof header;
  std::vector<Service> services;
  for (const gw_service& row : take_rows<gw_service>(at, header.service_count))
    services.push_back(service_of(row, compiled));
  services_ = ServiceTable(std::move(services));
  for (const gw_backend& row : take_rows<gw_backend>(at, header.backend_count)) weights_[row.index] = row.weight;
  at += header.table_count * sizeof(gw_table_ref);
  access_lists_ = AccessLists(take_rows<gw_access_prefix>(at, header.access_prefix_count));
}

bool SnapshotView::allows(const Service& service, const gw_flow_key& flow) const noexcept {
  if (service.row.access_list == 0) return true;
  return access_lists_.allows(service.row.access_list, flow, (service.row.flags & GW_SERVICE_DENIES_BY_DEFAULT) != 0);
}

std::uint32_t SnapshotView::weight(std::uint32_t backend) const noexcept {
  const auto found = weights_.find(backend);
  return found == weights_.end() ? 1 : found->second;
}

std::uint64_t SnapshotView::choice_hash(const Service& service, const gw_flow_key& flow) const noexcept {
  if (service.row.scheduler != GW_SCHEDULER_SOURCE) return gw_hash_flow(&hash_key_, &flow);
  const gw_source source = gw_mask_source(flow.source, flow.family, service.row.source_bits);
  return gw_hash_source(&hash_key_, &source, flow.family);
}

}  // namespace guideway
