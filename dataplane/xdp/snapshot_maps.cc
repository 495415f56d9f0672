// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/snapshot_maps.hh"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "dataplane/base/unique_fd.hh"

namespace guideway {
namespace {

std::string because(std::string what) { return std::move(what) + ": " + std::strerror(errno); }

// Returns when every packet that had begun has been decided: an RCU grace period.
bool wait_for_packets() { return ::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0; }

bool can_wait_for_packets() {
  const long commands = ::syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  return commands > 0 && (commands & MEMBARRIER_CMD_GLOBAL) != 0;
}

gw_xdp_service_key address_of(const gw_service_key& key, std::uint32_t side) {
  gw_xdp_service_key address{key, side};
  address.key.port_be16 = 0;
  address.key.protocol = 0;
  return address;
}

}  // namespace

Result<SnapshotMaps> SnapshotMaps::create(XdpProgram& program) {
  if (!can_wait_for_packets())
    return failure("this kernel has no MEMBARRIER_CMD_GLOBAL (CPUs isolated with nohz_full?), which publishing needs");
  return SnapshotMaps(program);
}

Result<void> SnapshotMaps::publish(const Snapshot& snapshot) {
  const std::uint32_t next_side = 1 - side_;
  clear(next_side);
  if (auto added = add_tables(snapshot); !added) {
    drop_tables_except(published_tables_);
    return added;
  }
  if (auto added = add_services(snapshot, next_side); !added) {
    drop_tables_except(published_tables_);
    return added;
  }
  const std::span<gw_backend> rows = program_->backends(next_side);
  for (std::uint32_t i = 0; i < rows.size(); ++i) rows[i] = snapshot.backend(i);

  volatile gw_xdp_control& control = program_->control();
  volatile gw_xdp_generation& generation = control.generations[next_side];
  generation.hash_key.k0 = snapshot.hash_key().k0;
  generation.hash_key.k1 = snapshot.hash_key().k1;
  generation.any_port_exists = 0;
  for (const Service& service : snapshot.services().all())
    if (service.row.key.port_be16 == 0) generation.any_port_exists = 1;
  __atomic_store_n(&control.side, next_side, __ATOMIC_RELEASE);
  side_ = next_side;
  const auto ids = snapshot.table_ids();
  published_tables_ = {ids.begin(), ids.end()};
  if (!wait_for_packets()) return failure(because("cannot wait for packets of the old generation"));
  clear(1 - side_);
  drop_tables_except(published_tables_);
  return {};
}

Result<void> SnapshotMaps::add_tables(const Snapshot& snapshot) {
  const auto ids = snapshot.table_ids();
  for (const Service& service : snapshot.services().all()) {
    const std::uint64_t id = ids[service.row.table];
    if (handles_.count(id) != 0) continue;
    if (auto added = add_table(id, service); !added) return added;
  }
  return {};
}

Result<void> SnapshotMaps::add_table(std::uint64_t id, const Service& service) {
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP;
  const UniqueFd table(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "gw_table", sizeof(__u32), sizeof(gw_slot), service.slot_count, &options));
  if (!table) return failure(because("cannot create a table of " + std::to_string(service.slot_count) + " slots"));
  const auto memory = MapMemory::of_rows<gw_slot>(table.get(), service.slot_count);
  if (!memory) return failure_of(memory);
  std::memcpy(memory->data(), service.slots, service.slot_count * sizeof(gw_slot));

  const std::uint32_t handle = free_handles_.empty() ? next_handle_ : free_handles_.back();
  const int fd = table.get();
  if (bpf_map_update_elem(maps_.tables, &handle, &fd, BPF_ANY) != 0)
    return failure(because("cannot add a table to the map of tables"));
  if (free_handles_.empty()) {
    ++next_handle_;
  } else {
    free_handles_.pop_back();
  }
  handles_[id] = handle;
  return {};
}

Result<void> SnapshotMaps::add_services(const Snapshot& snapshot, std::uint32_t side) {
  const auto ids = snapshot.table_ids();
  for (const Service& service : snapshot.services().all()) {
    const gw_xdp_service_key key{service.row.key, side};
    const gw_xdp_service row{service.row, handles_.at(ids[service.row.table]), service.slot_count};
    if (bpf_map_update_elem(maps_.services, &key, &row, BPF_NOEXIST) != 0)
      return failure(because("cannot add a service"));
    keys_[side].push_back(key);
    const gw_xdp_service_key address = address_of(service.row.key, side);
    const __u32 present = 1;
    if (bpf_map_update_elem(maps_.service_addresses, &address, &present, BPF_ANY) != 0)
      return failure(because("cannot add a service's address"));
    addresses_[side].push_back(address);
  }
  return {};
}

void SnapshotMaps::clear(std::uint32_t side) {
  // An address stands there once for all its services: what is gone already is no error.
  for (const gw_xdp_service_key& key : keys_[side]) (void)bpf_map_delete_elem(maps_.services, &key);
  for (const gw_xdp_service_key& key : addresses_[side]) (void)bpf_map_delete_elem(maps_.service_addresses, &key);
  keys_[side].clear();
  addresses_[side].clear();
}

void SnapshotMaps::drop_tables_except(const std::set<std::uint64_t>& used) {
  for (auto held = handles_.begin(); held != handles_.end();) {
    if (used.count(held->first) != 0) {
      ++held;
      continue;
    }
    (void)bpf_map_delete_elem(maps_.tables, &held->second);
    free_handles_.push_back(held->second);
    held = handles_.erase(held);
  }
}

}  // namespace guideway
