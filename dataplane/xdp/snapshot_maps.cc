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

// The row as one of `worker_count` workers goes by it.
gw_service row_of_worker(const gw_service& row, std::uint32_t worker_count) {
  gw_service own = row;
  own.flow_rate = gw_share_of_limit(row.flow_rate, worker_count);
  own.flow_burst = gw_share_of_limit(row.flow_burst, worker_count);
  own.source_flow_rate = gw_share_of_limit(row.source_flow_rate, worker_count);
  own.source_flow_burst = gw_share_of_limit(row.source_flow_burst, worker_count);
  return own;
}

bool is_guarded(const gw_service& row) {
  return row.access_list != 0 || row.flow_rate != 0 || row.source_flow_rate != 0;
}

}  // namespace

Result<SnapshotMaps> SnapshotMaps::create(XdpProgram& program) {
  if (!can_wait_for_packets())
    return failure("this kernel has no MEMBARRIER_CMD_GLOBAL (CPUs isolated with nohz_full?), which publishing needs");
  SnapshotMaps maps(program);
  if (program.is_successor()) maps.adopt();
  return maps;
}

void SnapshotMaps::adopt() {
  side_ = program_->control().side & 1U;
  for (std::uint32_t handle = 0; handle < GW_TABLES_MAX; ++handle) {
    __u32 table = 0;
    if (bpf_map_lookup_elem(maps_.tables, &handle, &table) != 0) continue;
    adopted_handles_.push_back(handle);
    next_handle_ = handle + 1;
  }
  for (SideMaps& side : sides_) side.adopt();
  // It may have died while it filled the other side.
  sides_[1 - side_].clear();
}

Result<void> SnapshotMaps::publish(const Snapshot& snapshot) {
  const std::uint32_t next_side = 1 - side_;
  if (auto filled = fill(snapshot, next_side); !filled) {
    sides_[next_side].clear();
    drop_tables_except(published_tables_);
    return filled;
  }
  volatile gw_xdp_control& control = program_->control();
  describe(snapshot, control.generations[next_side]);
  __atomic_store_n(&control.side, next_side, __ATOMIC_RELEASE);
  side_ = next_side;
  const auto ids = snapshot.table_ids();
  published_tables_ = {ids.begin(), ids.end()};
  if (!wait_for_packets()) return failure(because("cannot wait for packets of the old generation"));
  sides_[1 - side_].clear();
  drop_tables_except(published_tables_);
  drop_adopted_tables();
  return {};
}

Result<void> SnapshotMaps::fill(const Snapshot& snapshot, std::uint32_t side) {
  sides_[side].clear();
  if (auto added = add_tables(snapshot); !added) return added;
  if (auto added = add_services(snapshot, sides_[side]); !added) return added;
  if (auto added = sides_[side].add(snapshot.access_prefixes()); !added) return added;
  const std::span<gw_backend> rows = program_->backends(side);
  for (std::uint32_t i = 0; i < rows.size(); ++i) rows[i] = snapshot.backend(i);
  return {};
}

void SnapshotMaps::describe(const Snapshot& snapshot, volatile gw_xdp_generation& generation) const {
  generation.hash_key.k0 = snapshot.hash_key().k0;
  generation.hash_key.k1 = snapshot.hash_key().k1;
  generation.features = sides_[1 - side_].features();
  generation.echo_to_kernel = snapshot.answers_echo() ? 0 : 1;
  const gw_answer_rates& rates = snapshot.answer_rates();
  generation.answer_rates[GW_XDP_ECHO] = gw_share_of_limit(rates.echo, program_->worker_count());
  generation.answer_rates[GW_XDP_TOO_BIG] = gw_share_of_limit(rates.too_big, program_->worker_count());
  generation.answer_rates[GW_XDP_REJECT] = gw_share_of_limit(rates.reject, program_->worker_count());
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

Result<void> SnapshotMaps::add_services(const Snapshot& snapshot, SideMaps& side) {
  const auto ids = snapshot.table_ids();
  for (const Service& service : snapshot.services().all()) {
    gw_xdp_service row{};
    row.row = row_of_worker(service.row, program_->worker_count());
    row.table_handle = handles_.at(ids[service.row.table]);
    row.slot_count = service.slot_count;
    row.is_guarded = is_guarded(service.row) ? 1 : 0;
    if (auto added = side.add(row); !added) return added;
  }
  return {};
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

void SnapshotMaps::drop_adopted_tables() {
  for (const std::uint32_t handle : adopted_handles_) {
    (void)bpf_map_delete_elem(maps_.tables, &handle);
    free_handles_.push_back(handle);
  }
  adopted_handles_.clear();
}

}  // namespace guideway
