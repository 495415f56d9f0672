// SPDX-License-Identifier: Apache-2.0
#include "controlplane/replay/xdp_datapath.hh"

#include <linux/bpf.h>

#include <array>
#include <cstring>
#include <deque>
#include <string>
#include <utility>

#include "controlplane/replay/load_compiled.hh"
#include "dataplane/pipeline/exits.hh"
#include "dataplane/pipeline/fragment_hold.hh"
#include "dataplane/xdp/snapshot_maps.hh"

namespace guideway {
namespace {

// What the program must do with a packet that leaves by that exit.
std::uint32_t action_of(std::uint8_t exit) {
  if (exit == GW_EXIT_HELD) return XDP_DROP;
  switch (kind_of(exit)) {
    case ExitKind::sent:
    case ExitKind::answered:
      return XDP_TX;
    case ExitKind::kernel:
      return XDP_PASS;
    case ExitKind::drop:
      break;
  }
  return XDP_DROP;
}

PacketKind kind_of_packet(std::uint16_t kind) {
  switch (kind) {
    case GW_KIND_FIRST_FRAGMENT:
      return PacketKind::first_fragment;
    case GW_KIND_LATER_FRAGMENT:
      return PacketKind::later_fragment;
    case GW_KIND_ICMP:
      return PacketKind::echo;
    case GW_KIND_ABOUT:
      return PacketKind::about_flow;
    default:
      return PacketKind::flow;
  }
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
    hold_.expire(now_ticks);
    if (auto decided = decide_released(); !decided) return decided;
    for (std::uint32_t i = 0; i < burst.count; ++i) {
      if (auto decided = decide_arrived(burst.packets[i], i, now_ticks); !decided) return decided;
    }
    return counters_.worker.flows_remembered == 0 ? Result<void>{} : program_->sweep();
  }

  Result<void> take_released(Burst& burst, std::uint32_t) override {
    if (auto decided = decide_released(); !decided) return decided;
    burst.count = 0;
    while (burst.count < burst_packets_max && !released_.empty()) {
      burst.packets[burst.count++] = released_.front();
      released_.pop_front();
    }
    return {};
  }

  void give_up_held() noexcept override { hold_.give_up(); }

  [[nodiscard]] const HealthTable& health() const noexcept override { return health_; }
  [[nodiscard]] const gw_worker_counters& counters() const noexcept override { return counters_.worker; }
  [[nodiscard]] const gw_backend_counters& backend_counters(std::uint32_t index) const override {
    return counters_.backends[index];
  }
  [[nodiscard]] const gw_service_counters& service_counters(std::uint32_t id) const override {
    return counters_.services[id];
  }

 private:
  // For what the program never sees, or may not decide: it is counted here, between two runs of the program.
  void leave(Packet& packet, gw_exit exit) {
    packet.exit = exit;
    add_to(counters_.worker.received_packets, 1);
    add_to(counters_.worker.received_bytes, packet.length_bytes);
    add_to(counters_.worker.exits[packet.exit], 1);
  }

  // A packet, and what was held for it directly behind it.
  Result<void> decide_arrived(Packet& packet, std::uint32_t place, std::uint32_t now_ticks) {
    const auto decision = decide_one(packet);
    if (!decision) return failure_of(decision);
    if (packet.exit == GW_EXIT_HELD && !hold_.hold(packet, decision->fragment_key, now_ticks))
      leave(packet, GW_EXIT_DROP_FRAGMENTS_FULL);
    if (decision->is_learned == 0) return {};
    hold_.release(decision->fragment_key, static_cast<std::uint8_t>(place), {});
    return decide_released();
  }

  Result<void> decide_released() {
    while (const FragmentHold::Released* next = hold_.next()) {
      Packet packet = next->packet;
      bool is_lost = next->is_expired;
      hold_.pop();
      if (!is_lost) {
        if (const auto decision = decide_one(packet); !decision) return failure_of(decision);
        is_lost = packet.exit == GW_EXIT_HELD;
      }
      if (is_lost) leave(packet, GW_EXIT_DROP_FRAGMENT);
      released_.push_back(packet);
    }
    return {};
  }

  Result<gw_xdp_decision> decide_one(Packet& packet) {
    // Stands in for the driver, which lets nothing shorter than an Ethernet header come as far as the program.
    if (packet.length_bytes < XdpProgram::frame_bytes_min) {
      leave(packet, GW_EXIT_DROP_FRAME_TRUNCATED);
      return gw_xdp_decision{};
    }
    if (packet.length_bytes > XdpProgram::frame_bytes_max)
      return failure("a frame of " + std::to_string(packet.length_bytes) + " bytes: BPF_PROG_TEST_RUN takes at most " +
                     std::to_string(XdpProgram::frame_bytes_max));
    const auto run = program_->run({packet.data, packet.length_bytes}, room_);
    if (!run) return failure_of(run);
    const gw_xdp_decision& decision = run->decision;
    if (decision.exit >= GW_EXIT_COUNT && decision.exit != GW_EXIT_HELD)
      return failure("the XDP program told an exit that does not exist: " + std::to_string(decision.exit));
    packet.exit = static_cast<std::uint8_t>(decision.exit);
    packet.backend = decision.backend;
    packet.hash = decision.hash;
    std::memcpy(packet.flow.source, decision.source, sizeof packet.flow.source);  // what the hold goes by
    packet.flow.family = static_cast<std::uint8_t>(decision.family);
    packet.kind = kind_of_packet(decision.kind);
    const std::uint32_t expected = action_of(packet.exit);
    if (run->action != expected)
      return failure("the XDP program ended with action " + std::to_string(run->action) + " for exit " +
                     std::to_string(packet.exit));
    if (expected == XDP_DROP) return decision;
    // What came out of the kernel, not what went in: a packet for the kernel must come out as it was.
    packet.data -= packet.headroom_bytes;
    packet.headroom_bytes = 0;
    packet.length_bytes = run->length_bytes;
    std::memcpy(packet.data, room_.data(), run->length_bytes);
    return decision;
  }

  std::unique_ptr<XdpProgram> program_;
  SnapshotMaps maps_;
  HealthTable health_;
  WorkerCounters counters_;
  TableStore tables_;
  FragmentHold hold_;
  std::deque<Packet> released_;  // decided and counted
  std::array<std::byte, 4096> room_{};
};

}  // namespace

Result<std::unique_ptr<ReplayDatapath>> make_xdp_datapath(const Capacities& capacities) {
  XdpOptions options;
  options.capacities = capacities;
  options.ticks_are_given = true;
  options.holds_fragments = true;
  auto program = XdpProgram::load(options);
  if (!program) return failure_of(program);
  auto maps = SnapshotMaps::create(**program);
  if (!maps) return failure_of(maps);
  return std::make_unique<XdpDatapath>(std::move(*program), std::move(*maps));
}

}  // namespace guideway
