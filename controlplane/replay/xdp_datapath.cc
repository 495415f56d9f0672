// SPDX-License-Identifier: Apache-2.0
#include "controlplane/replay/xdp_datapath.hh"

#include <linux/bpf.h>

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "controlplane/replay/load_compiled.hh"
#include "dataplane/pipeline/exits.hh"
#include "dataplane/xdp/snapshot_maps.hh"

namespace guideway {
namespace {

// What the program must do with a packet that leaves by that exit.
std::uint32_t action_of(ExitKind kind) {
  switch (kind) {
    case ExitKind::sent:
      return XDP_TX;
    case ExitKind::kernel:
      return XDP_PASS;
    case ExitKind::drop:
      break;
  }
  return XDP_DROP;
}

class XdpDatapath : public ReplayDatapath {
 public:
  XdpDatapath(std::unique_ptr<XdpProgram> program, SnapshotMaps maps)
      : program_(std::move(program)),
        maps_(std::move(maps)),
        health_(program_->health()),
        counters_(program_->counters(0)) {}

  Result<void> install(const Compiled& compiled) override {
    const auto snapshot = load_compiled(compiled, tables_, program_->capacities());
    if (!snapshot) return failure_of(snapshot);
    return maps_.publish(**snapshot);
  }

  Result<void> decide(Burst& burst, std::uint32_t now_ticks) override {
    program_->set_now_ticks(now_ticks);
    for (std::uint32_t i = 0; i < burst.count; ++i) {
      if (auto decided = decide_one(burst.packets[i]); !decided) return decided;
    }
    return counters_.worker.flows_remembered == 0 ? Result<void>{} : program_->sweep();
  }

  [[nodiscard]] const HealthTable& health() const noexcept override { return health_; }
  [[nodiscard]] const gw_worker_counters& counters() const noexcept override { return counters_.worker; }
  [[nodiscard]] const gw_backend_counters& backend_counters(std::uint32_t index) const override {
    return counters_.backends[index];
  }
  [[nodiscard]] const gw_service_counters& service_counters(std::uint32_t id) const override {
    return counters_.services[id];
  }

 private:
  // Stands in for the driver, which lets nothing shorter than an Ethernet header come as far as the program.
  void drop_too_short(Packet& packet) {
    packet.exit = GW_EXIT_DROP_FRAME_TRUNCATED;
    add_to(counters_.worker.received_packets, 1);
    add_to(counters_.worker.received_bytes, packet.length_bytes);
    add_to(counters_.worker.exits[packet.exit], 1);
  }

  Result<void> decide_one(Packet& packet) {
    if (packet.length_bytes < XdpProgram::frame_bytes_min) {
      drop_too_short(packet);
      return {};
    }
    if (packet.length_bytes > XdpProgram::frame_bytes_max)
      return failure("a frame of " + std::to_string(packet.length_bytes) + " bytes: BPF_PROG_TEST_RUN takes at most " +
                     std::to_string(XdpProgram::frame_bytes_max));
    const auto run = program_->run({packet.data, packet.length_bytes}, room_);
    if (!run) return failure_of(run);
    if (run->decision.exit >= GW_EXIT_COUNT)
      return failure("the XDP program told an exit that does not exist: " + std::to_string(run->decision.exit));
    packet.exit = static_cast<std::uint8_t>(run->decision.exit);
    packet.backend = run->decision.backend;
    packet.hash = run->decision.hash;
    const ExitKind kind = kind_of(packet.exit);
    if (run->action != action_of(kind))
      return failure("the XDP program ended with action " + std::to_string(run->action) + " for exit " +
                     std::string(exit_names()[packet.exit].name));
    if (kind == ExitKind::drop) return {};
    // What came out of the kernel, not what went in: a packet for the kernel must come out as it was.
    packet.data -= packet.headroom_bytes;
    packet.headroom_bytes = 0;
    packet.length_bytes = run->length_bytes;
    std::memcpy(packet.data, room_.data(), run->length_bytes);
    return {};
  }

  std::unique_ptr<XdpProgram> program_;
  SnapshotMaps maps_;
  HealthTable health_;
  WorkerCounters counters_;
  TableStore tables_;
  std::array<std::byte, 4096> room_{};
};

}  // namespace

Result<std::unique_ptr<ReplayDatapath>> make_xdp_datapath(const Capacities& capacities) {
  XdpOptions options;
  options.capacities = capacities;
  options.ticks_are_given = true;
  auto program = XdpProgram::load(options);
  if (!program) return failure_of(program);
  auto maps = SnapshotMaps::create(**program);
  if (!maps) return failure_of(maps);
  return std::make_unique<XdpDatapath>(std::move(*program), std::move(*maps));
}

}  // namespace guideway
