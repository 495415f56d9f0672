// SPDX-License-Identifier: Apache-2.0
// The XDP program (ebpf/balancer.bpf.c), loaded into the kernel, with the memory that it shares. Packets
// come through an interface (attachment.hh), or one by one through BPF_PROG_TEST_RUN.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dataplane/base/result.hh"
#include "dataplane/forwarding/capacities.hh"
#include "dataplane/forwarding/health_table.hh"
#include "dataplane/pipeline/worker_counters.hh"
#include "dataplane/xdp/map_memory.hh"
#include "ebpf/layout.h"

struct gw_balancer;

namespace guideway {

struct XdpOptions {
  Capacities capacities;
  std::uint32_t worker_count = 1;  // CPUs with flows and counters of their own
  bool ticks_are_given = false;    // by set_now_ticks() instead of the kernel's clock
  bool decision_is_told = true;    // run() needs it; off for packets of an interface
  bool egress_by_port = false;     // redirect to the interface of the backend's port, instead of back out
  bool flows_wander = false;       // packets of a flow may come in on another CPU than those before
  // In a BPF filesystem: maps are kept there, and those that are found there are used on, with what they hold.
  std::string pin_directory;
  bool holds_fragments = false;           // the caller holds fragments that come before their first (GW_EXIT_HELD)
  bool listener_holds_fragments = false;  // HeldFragments does
};

// The file descriptors of the maps that a snapshot goes into.
struct SnapshotMapFds {
  int services = -1;
  int service_addresses = -1;
  int port_ranges = -1;
  int service_prefixes = -1;
  int access_prefixes = -1;
  int tables = -1;
};

// What a packet of run() became. Unless it was dropped its bytes stand at the beginning of what was handed in as room.
struct XdpRun {
  std::uint32_t action = 0;  // XDP_PASS, XDP_TX ...
  gw_xdp_decision decision{};
  std::uint32_t length_bytes = 0;
};

class XdpProgram {
 public:
  // No XDP program is ever shown less than an Ethernet header: drivers do not pass it on, nor does BPF_PROG_TEST_RUN.
  static constexpr std::uint32_t frame_bytes_min = 14;
  // The longest frame that BPF_PROG_TEST_RUN takes in one piece: a page less head and tail room.
  static constexpr std::uint32_t frame_bytes_max = GW_XDP_FRAME_BYTES_MAX;

  // Verified by the kernel and ready; no snapshot yet, so everything would go to the kernel.
  [[nodiscard]] static Result<std::unique_ptr<XdpProgram>> load(const XdpOptions& options);
  XdpProgram(const XdpProgram&) = delete;
  XdpProgram& operator=(const XdpProgram&) = delete;
  ~XdpProgram();

  // As asked for, but rows of services come in fours.
  [[nodiscard]] const Capacities& capacities() const noexcept { return capacities_; }
  [[nodiscard]] HealthTable health() const noexcept { return HealthTable(health_.rows<std::uint64_t>()); }
  [[nodiscard]] WorkerCounters counters(std::uint32_t worker) const noexcept;
  [[nodiscard]] std::uint32_t worker_count() const noexcept { return worker_count_; }
  [[nodiscard]] std::span<gw_backend> backends(std::uint32_t side) const noexcept;
  [[nodiscard]] volatile gw_xdp_control& control() const noexcept;
  [[nodiscard]] int program_fd() const noexcept;
  // To hand out: whoever has them may map them.
  [[nodiscard]] int health_fd() const noexcept;
  [[nodiscard]] int counters_fd() const noexcept;
  [[nodiscard]] std::size_t counters_bytes() const noexcept { return counters_.length_bytes(); }
  // What copies of packets come through (ebpf/abi/capture.h).
  [[nodiscard]] int captures_fd() const noexcept;
  [[nodiscard]] std::size_t captures_bytes() const noexcept { return captures_.length_bytes(); }
  // Another process used the maps before this one.
  [[nodiscard]] bool is_successor() const noexcept { return is_successor_; }
  // The bucket of that hash in a worker's flow table, as it is now.
  [[nodiscard]] Result<gw_flow_bucket> flow_bucket(std::uint32_t worker, std::uint64_t hash) const;
  // Copies of the buckets from `first` on, until `room` is full or there are no more; how many. The program may write
  // while they are copied.
  [[nodiscard]] Result<std::uint32_t> flow_buckets(std::uint32_t worker, std::uint32_t first,
                                                   std::span<gw_flow_bucket> room) const;
  [[nodiscard]] std::uint32_t flow_bucket_count() const noexcept;
  [[nodiscard]] SnapshotMapFds snapshot_maps() const noexcept;
  // Sends what is for the datapath's port `port` to that interface (egress_by_port).
  [[nodiscard]] Result<void> set_port(std::uint32_t port, std::uint32_t interface_index) const;

  // Copies of packets say the time since 1970: the program is told anew how far its clock is from it.
  void follow_wall_clock() const noexcept;
  void set_now_ticks(std::uint32_t now_ticks) const noexcept { control().now_ticks = now_ticks; }
  // One packet, as if it had come in on the loopback interface. `room` must hold the frame and an outer header.
  [[nodiscard]] Result<XdpRun> run(std::span<const std::byte> frame, std::span<std::byte> room) const;
  // What the program sends up for HeldFragments (gw_xdp_fragment_event).
  [[nodiscard]] int fragment_events_fd() const noexcept;
  // One packet on this CPU, as if it had come in by that interface; it leaves by one too. The first bytes are metadata.
  [[nodiscard]] Result<void> put_back(std::span<const std::byte> frame, std::size_t metadata_bytes,
                                      std::uint32_t interface_index) const;
  // Forgets what has expired in the next flow buckets of this CPU's worker, two for each time. No packet is received on
  // this CPU meanwhile.
  [[nodiscard]] Result<void> sweep(std::uint32_t times = 1) const;

 private:
  XdpProgram(gw_balancer* skeleton, const Capacities& capacities, std::uint32_t worker_count) noexcept
      : skeleton_(skeleton), capacities_(capacities), worker_count_(worker_count) {}
  [[nodiscard]] Result<void> set_up(const XdpOptions& options);
  [[nodiscard]] Result<void> map_memory(std::uint32_t worker_count);

  gw_balancer* skeleton_;
  Capacities capacities_;
  bool is_successor_ = false;
  std::uint32_t worker_count_;
  MapMemory health_;
  MapMemory counters_;
  MapMemory backends_;
  MapMemory captures_;
};

}  // namespace guideway
