// SPDX-License-Identifier: Apache-2.0
// The XDP program in the kernel, small, with one service of one backend. Skipped where BPF is refused.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "dataplane/xdp/snapshot_maps.hh"
#include "tests/support/frames.hh"
#include "tests/support/snapshot_bytes.hh"

namespace guideway {

class XdpBed : public testing::Test {
 protected:
  static constexpr Capacities small{6, 16, 8};  // 8 flows: one bucket

  void load(const XdpOptions& options) {
    auto program = XdpProgram::load(options);
    if (!program && program.error().message.find("refuses BPF") != std::string::npos)
      GTEST_SKIP() << program.error().message;
    ASSERT_TRUE(program) << program.error().message;
    program_ = std::move(*program);
  }

  void start(XdpOptions options, const Capacities& capacities = small) {
    options.capacities = capacities;
    ASSERT_NO_FATAL_FAILURE(load(options));
    if (IsSkipped()) return;
    auto maps = SnapshotMaps::create(*program_);
    ASSERT_TRUE(maps) << maps.error().message;
    maps_ = std::make_unique<SnapshotMaps>(std::move(*maps));
  }

  // Service 10.0.0.HOST:80 on backend `backend` alone; its table has an id of its own.
  void publish(std::uint64_t generation, std::uint8_t host, std::uint32_t backend, std::uint16_t flags = 0) {
    testing_support::SnapshotRows rows;
    rows.generation = generation;
    rows.services = {testing_support::service_row(5, host, 80, 6)};
    rows.services[0].flags = flags;
    rows.backends = {testing_support::backend_row(backend, 3)};
    rows.tables = {generation};
    const std::vector<gw_slot> slots(GW_TABLE_SLOTS_MIN, gw_slot{backend, backend});
    TableStore tables;
    tables[generation] = *Table::load(testing_support::table_bytes(generation, slots), program_->capacities());
    const auto snapshot = Snapshot::load(testing_support::snapshot_bytes(rows), tables, program_->capacities());
    ASSERT_TRUE(snapshot) << snapshot.error().message;
    program_->health().store(backend, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE, 0));
    const auto published = maps_->publish(**snapshot);
    ASSERT_TRUE(published) << published.error().message;
  }

  XdpRun run(const testing_support::FrameOptions& options) {
    const auto done = program_->run(testing_support::ipv4_frame(options), room_);
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : XdpRun{};
  }

  gw_worker_counters& worker() { return program_->counters(0).worker; }

  std::array<std::byte, 4096> room_{};
  std::unique_ptr<XdpProgram> program_;
  std::unique_ptr<SnapshotMaps> maps_;
};

}  // namespace guideway
