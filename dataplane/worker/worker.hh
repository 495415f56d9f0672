// SPDX-License-Identifier: Apache-2.0
// The poll loop of one core: receives from its queue of every port, runs the pipeline, and takes every packet to where
// its exit says. It shares nothing that it writes with another worker, and after construction neither allocates, locks
// nor logs. What it does to a packet that a port has no room for is count it by name.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/pipeline/pipeline.hh"
#include "dataplane/ports/port.hh"
#include "dataplane/worker/capture.hh"
#include "dataplane/worker/flow_mailbox.hh"
#include "dataplane/worker/idle.hh"
#include "dataplane/worker/snapshot_cell.hh"
#include "dataplane/worker/telemetry.hh"

namespace guideway {

// What a worker has of one port. Its place in the worker's list is the port's number in snapshots.
struct WorkerPort {
  PortQueue* queue = nullptr;        // this worker's queue pair
  PortQueue* kernel_face = nullptr;  // send() is towards the kernel, receive() gives what the kernel sends; may be null
};

class Worker {
 public:
  // Everything that is referred to must outlive the worker. `cycles_per_second` as measured (cycles.hh).
  Worker(std::uint32_t index, SnapshotCell& snapshots, Pipeline pipeline, WorkerCounters counters,
         std::vector<WorkerPort> ports, const IdleSettings& idle, std::uint64_t cycles_per_second,
         const Capture& capture = Capture());

  // Polls until told to stop.
  void run(const std::atomic<bool>& stop) noexcept;

  // One round over all ports; run() is this in a loop. True if any packet was found. The caller must have joined the
  // snapshot cell for this worker.
  bool poll(std::uint32_t now_ticks) noexcept;

  [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
  [[nodiscard]] FlowMailbox& mailbox() noexcept { return mailbox_; }
  // For onlookers on other threads (scan_flows).
  [[nodiscard]] const FlowTable& flows() const noexcept { return pipeline_.flows(); }

 private:
  struct PacketList {
    std::array<Packet*, burst_packets_max> packets;
    std::uint32_t count = 0;
    void add(Packet& packet) noexcept { packets[count++] = &packet; }
    [[nodiscard]] std::span<Packet* const> all() const noexcept { return {packets.data(), count}; }
  };

  void run_burst(std::size_t port_number, const Snapshot& snapshot, std::uint32_t now_ticks) noexcept;
  void dispatch(WorkerPort& from, bool captures) noexcept;
  void send_released(const Snapshot& snapshot, std::uint32_t now_ticks) noexcept;
  void sort_by_exit(bool has_kernel_face) noexcept;
  void hand_over(PacketList& list, PortQueue& to, PortQueue& from, std::uint8_t exit_if_full) noexcept;
  void pass_on_from_kernel(WorkerPort& port) noexcept;
  void answer_question(std::uint32_t now_ticks) noexcept;

  std::uint32_t index_;
  SnapshotCell& snapshots_;
  Pipeline pipeline_;
  WorkerCounters counters_;
  std::vector<WorkerPort> ports_;
  Idle idle_;
  Telemetry telemetry_;
  Capture capture_;
  FlowMailbox mailbox_;
  Burst burst_;
  std::vector<PacketList> to_port_;  // by port number
  PacketList to_kernel_;
  PacketList dropped_;
};

// Ticks of 1/16 s since some fixed time, for flow deadlines.
[[nodiscard]] std::uint32_t monotonic_ticks() noexcept;

}  // namespace guideway
