// SPDX-License-Identifier: Apache-2.0
// The Maglev tables in the program's map of maps. The kernel waits for a grace period whenever that map changes, so all
// new tables go in at once, and a table that nobody uses any more stays as room for the next one of its size.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/forwarding/snapshot.hh"
#include "dataplane/xdp/map_memory.hh"

namespace guideway {

class TableMaps {
 public:
  // Tables kept as room for others: 524 KB each at the usual number of slots.
  static constexpr std::size_t spares_max = 8;

  explicit TableMaps(int map_of_maps) noexcept : map_(map_of_maps) {}

  // Every table that the snapshot names and that is not held yet. On error it takes keep_only() to give up what was
  // added.
  [[nodiscard]] Result<void> add(const Snapshot& snapshot);
  // Of a table that is held.
  [[nodiscard]] std::uint32_t handle_of(std::uint64_t id) const { return held_.at(id).handle; }
  // Gives up all others: no packet may look at them any more.
  void keep_only(const std::set<std::uint64_t>& ids);
  // What a former process has put there is in use until give_up_adopted().
  void adopt();
  void give_up_adopted();

  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }
  [[nodiscard]] std::size_t spares() const noexcept { return spares_.size(); }

 private:
  struct TableMap {
    std::uint32_t handle = 0;  // its position in the map of maps
    std::uint32_t slot_count = 0;
    MapMemory slots;
  };
  class Batch;
  [[nodiscard]] Result<void> add(const Service& service, std::uint64_t id, Batch& batch);
  [[nodiscard]] std::uint32_t take_handle();
  void empty(std::span<const std::uint32_t> handles);

  int map_;
  std::map<std::uint64_t, TableMap> held_;  // by table id
  std::vector<TableMap> spares_;
  std::vector<std::uint32_t> free_handles_;
  std::uint32_t next_handle_ = 0;
  std::vector<std::uint32_t> adopted_handles_;  // of tables whose ids only a former process knew
};

}  // namespace guideway
