// SPDX-License-Identifier: Apache-2.0
// Puts validated snapshots into the maps of the XDP program. A snapshot is written to the side that no packet reads and
// published by one store; a packet sees the old generation or the new one, whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>

#include "dataplane/base/result.hh"
#include "dataplane/forwarding/snapshot.hh"
#include "dataplane/xdp/grace_period.hh"
#include "dataplane/xdp/program.hh"
#include "dataplane/xdp/side_maps.hh"
#include "dataplane/xdp/table_maps.hh"

namespace guideway {

class SnapshotMaps {
 public:
  // `program` must outlive it. Fails where the kernel cannot tell when every packet has left a generation. What a
  // former process has published stays in use until the first publish().
  [[nodiscard]] static Result<SnapshotMaps> create(XdpProgram& program);

  // All or nothing: on error packets go on with the generation that they have. When it returns, no packet uses the
  // old one any more.
  [[nodiscard]] Result<void> publish(const Snapshot& snapshot);

  [[nodiscard]] std::size_t tables_held() const noexcept { return tables_.held(); }

 private:
  SnapshotMaps(XdpProgram& program, GracePeriod grace_period) noexcept
      : program_(&program),
        grace_period_(grace_period),
        maps_(program.snapshot_maps()),
        tables_(maps_.tables),
        sides_{SideMaps(maps_, 0), SideMaps(maps_, 1)},
        backends_filled_{program.capacities().backends_max, program.capacities().backends_max} {}
  void adopt();
  [[nodiscard]] Result<void> fill(const Snapshot& snapshot, std::uint32_t side);
  void fill_backends(std::span<const gw_backend> backends, std::uint32_t side);
  [[nodiscard]] Result<void> add_services(const Snapshot& snapshot, SideMaps& side);
  void describe(const Snapshot& snapshot, volatile gw_xdp_generation& generation) const;

  XdpProgram* program_;
  GracePeriod grace_period_;
  SnapshotMapFds maps_;
  std::uint32_t side_ = 0;  // the one that packets read
  TableMaps tables_;
  std::set<std::uint64_t> published_tables_;
  SideMaps sides_[GW_XDP_SIDES];
  std::size_t backends_filled_[GW_XDP_SIDES];  // behind these the rows are empty; all, as long as nobody knows
};

}  // namespace guideway
