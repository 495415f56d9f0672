// SPDX-License-Identifier: Apache-2.0
// Puts validated snapshots into the maps of the XDP program. A snapshot is written to the side that no packet reads and
// published by one store; a packet sees the old generation or the new one, whole.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/forwarding/snapshot.hh"
#include "dataplane/xdp/program.hh"
#include "dataplane/xdp/side_maps.hh"

namespace guideway {

class SnapshotMaps {
 public:
  // `program` must outlive it. Fails where the kernel cannot tell when every packet has left a generation. What a
  // former process has published stays in use until the first publish().
  [[nodiscard]] static Result<SnapshotMaps> create(XdpProgram& program);

  // All or nothing: on error packets go on with the generation that they have. When it returns, no packet uses the
  // old one any more.
  [[nodiscard]] Result<void> publish(const Snapshot& snapshot);

  [[nodiscard]] std::size_t tables_held() const noexcept { return handles_.size(); }

 private:
  explicit SnapshotMaps(XdpProgram& program) noexcept
      : program_(&program), maps_(program.snapshot_maps()), sides_{SideMaps(maps_, 0), SideMaps(maps_, 1)} {}
  void adopt();
  [[nodiscard]] Result<void> fill(const Snapshot& snapshot, std::uint32_t side);
  [[nodiscard]] Result<void> add_tables(const Snapshot& snapshot);
  [[nodiscard]] Result<void> add_table(std::uint64_t id, const Service& service);
  [[nodiscard]] Result<void> add_services(const Snapshot& snapshot, SideMaps& side);
  void describe(const Snapshot& snapshot, volatile gw_xdp_generation& generation) const;
  void drop_tables_except(const std::set<std::uint64_t>& used);
  void drop_adopted_tables();

  XdpProgram* program_;
  SnapshotMapFds maps_;
  std::uint32_t side_ = 0;                          // the one that packets read
  std::map<std::uint64_t, std::uint32_t> handles_;  // table id -> position in the map of tables
  std::vector<std::uint32_t> free_handles_;
  std::uint32_t next_handle_ = 0;
  std::set<std::uint64_t> published_tables_;
  std::vector<std::uint32_t> adopted_handles_;  // of tables whose ids only a former process knew
  SideMaps sides_[GW_XDP_SIDES];
};

}  // namespace guideway
