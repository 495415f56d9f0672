// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/table_maps.hh"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "dataplane/base/unique_fd.hh"
#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

constexpr int not_supported = 524;  // ENOTSUPP, which the kernel lets out

UniqueFd make_array(std::uint32_t slot_count) {
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP;
  return UniqueFd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "gw_table", sizeof(__u32), sizeof(gw_slot), slot_count, &options));
}

// One grace period for all of them where the kernel can (Linux 5.19), else one each. 0, or an errno.
int put_all(int map, const std::vector<std::uint32_t>& handles, const std::vector<int>& fds) {
  if (handles.empty()) return 0;
  auto count = static_cast<__u32>(handles.size());
  if (bpf_map_update_batch(map, handles.data(), fds.data(), &count, nullptr) == 0) return 0;
  if (errno != not_supported && errno != EOPNOTSUPP) return errno;
  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (bpf_map_update_elem(map, &handles[i], &fds[i], BPF_ANY) != 0) return errno;
  }
  return 0;
}

}  // namespace

// New tables on their way into the map of maps.
class TableMaps::Batch {
 public:
  void add(std::uint64_t id, TableMap table, UniqueFd fd) {
    handles_.push_back(table.handle);
    fds_.push_back(fd.get());
    owners_.push_back(std::move(fd));
    tables_.emplace_back(id, std::move(table));
  }
  [[nodiscard]] bool holds(std::uint64_t id) const {
    return std::any_of(tables_.begin(), tables_.end(), [&](const auto& each) { return each.first == id; });
  }
  [[nodiscard]] int put(int map) const { return put_all(map, handles_, fds_); }
  [[nodiscard]] std::vector<std::pair<std::uint64_t, TableMap>>& tables() { return tables_; }
  [[nodiscard]] const std::vector<std::uint32_t>& handles() const { return handles_; }

 private:
  std::vector<std::uint32_t> handles_;
  std::vector<int> fds_;
  std::vector<UniqueFd> owners_;
  std::vector<std::pair<std::uint64_t, TableMap>> tables_;
};

Result<void> TableMaps::add(const Snapshot& snapshot) {
  const auto ids = snapshot.table_ids();
  Batch batch;
  Result<void> added;
  for (const Service& service : snapshot.services().all()) {
    if (added) added = add(service, ids[service.row.table], batch);
  }
  if (added) {
    if (const int error = batch.put(map_); error != 0)
      added = failure(std::string("cannot add tables to the map of tables: ") + std::strerror(error));
  }
  if (!added) {
    empty(batch.handles());
    return added;
  }
  for (auto& [id, table] : batch.tables()) held_.emplace(id, std::move(table));
  return {};
}

Result<void> TableMaps::add(const Service& service, std::uint64_t id, Batch& batch) {
  if (held_.count(id) != 0 || batch.holds(id)) return {};
  const auto bytes = service.slot_count * sizeof(gw_slot);
  const auto spare = std::find_if(spares_.begin(), spares_.end(),
                                  [&](const TableMap& each) { return each.slot_count == service.slot_count; });
  if (spare != spares_.end()) {
    std::memcpy(spare->slots.data(), service.slots, bytes);
    held_.emplace(id, std::move(*spare));
    spares_.erase(spare);
    return {};
  }
  UniqueFd table = make_array(service.slot_count);
  if (!table)
    return failure("cannot create a table of " + std::to_string(service.slot_count) +
                   " slots: " + std::strerror(errno));
  auto memory = MapMemory::of_rows<gw_slot>(table.get(), service.slot_count);
  if (!memory) return failure_of(memory);
  std::memcpy(memory->data(), service.slots, bytes);
  batch.add(id, {take_handle(), service.slot_count, std::move(*memory)}, std::move(table));
  return {};
}

std::uint32_t TableMaps::take_handle() {
  if (free_handles_.empty()) return next_handle_++;
  const std::uint32_t handle = free_handles_.back();
  free_handles_.pop_back();
  return handle;
}

void TableMaps::keep_only(const std::set<std::uint64_t>& ids) {
  std::vector<std::uint32_t> gone;
  for (auto each = held_.begin(); each != held_.end();) {
    if (ids.count(each->first) != 0) {
      ++each;
      continue;
    }
    spares_.push_back(std::move(each->second));
    each = held_.erase(each);
  }
  while (spares_.size() > spares_max) {
    gone.push_back(spares_.front().handle);
    spares_.erase(spares_.begin());
  }
  empty(gone);
}

// An array of one slot in their place: the kernel deletes from such a map one by one, a grace period each.
void TableMaps::empty(std::span<const std::uint32_t> handles) {
  if (handles.empty()) return;
  const UniqueFd nothing = make_array(1);
  const std::vector<std::uint32_t> keys(handles.begin(), handles.end());
  if (!nothing || put_all(map_, keys, std::vector<int>(keys.size(), nothing.get())) != 0) {
    for (const std::uint32_t handle : keys) (void)bpf_map_delete_elem(map_, &handle);
  }
  free_handles_.insert(free_handles_.end(), keys.begin(), keys.end());
}

void TableMaps::adopt() {
  for (std::uint32_t handle = 0; handle < GW_TABLES_MAX; ++handle) {
    __u32 table = 0;
    if (bpf_map_lookup_elem(map_, &handle, &table) != 0) continue;
    adopted_handles_.push_back(handle);
    next_handle_ = handle + 1;
  }
}

void TableMaps::give_up_adopted() {
  empty(adopted_handles_);
  adopted_handles_.clear();
}

}  // namespace guideway
