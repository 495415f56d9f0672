// SPDX-License-Identifier: Apache-2.0
// Everything that guideway-dpdk holds, in the order in which it is built up and (reversed) torn down, and the side of
// it that the door sees. start() either gives a datapath whose workers poll, or one sentence.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/door/datapath.hh"
#include "dataplane/dpdk/eal.hh"
#include "dataplane/dpdk/options.hh"
#include "dataplane/pipeline/crew.hh"
#include "dataplane/ports/dpdk_kernel_face.hh"
#include "dataplane/ports/dpdk_pool.hh"
#include "dataplane/ports/dpdk_port.hh"
#include "dataplane/worker/capture_block.hh"
#include "dataplane/worker/shared_blocks.hh"
#include "dataplane/worker/snapshot_cell.hh"
#include "dataplane/worker/worker.hh"

namespace guideway {

class DpdkDatapath final : public door::Datapath {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DpdkDatapath>> start(const Options& options);
  ~DpdkDatapath() override;  // workers stop, then the ports

  // Moves packets between workers and kernel faces; for the main thread. False if there was nothing to do.
  bool keep_house() noexcept;

  void describe(door::Welcome& welcome) const override;
  [[nodiscard]] door::SharedMemory shared_memory() const override;
  [[nodiscard]] Capacities capacities() const override { return capacities_; }
  [[nodiscard]] const Snapshot& newest() const override { return snapshots_.newest(); }
  [[nodiscard]] Result<void> publish(std::unique_ptr<const Snapshot> next) override {
    snapshots_.publish(std::move(next));
    return {};
  }
  [[nodiscard]] Result<std::optional<door::FoundFlow>> find_flow(std::uint64_t hash) override;
  [[nodiscard]] Result<FlowScan> read_flows(std::uint32_t worker, std::uint32_t first_bucket,
                                            std::span<gw_flow_entry> room) override;
  [[nodiscard]] std::optional<door::LentMemory> capture_memory() const override {
    return door::LentMemory{capture_.fd(), capture_.length_bytes()};
  }
  [[nodiscard]] std::uint32_t now_ticks() const override { return monotonic_ticks(); }

 private:
  DpdkDatapath(const Options& options, Eal eal, HealthBlock health, CountersBlock counters, CaptureBlock capture);
  [[nodiscard]] Result<std::uint16_t> attach(const PortSpec& spec, std::size_t port_number);
  [[nodiscard]] Result<void> start_ports(const Options& options);
  [[nodiscard]] Result<DpdkPort> start_port(const Options& options, std::uint16_t device, std::size_t number,
                                            std::uint16_t mtu_bytes_max);
  [[nodiscard]] Result<rte_mempool*> pool_of(const Options& options, int numa_node, std::uint16_t mtu_bytes);
  [[nodiscard]] Result<void> make_kernel_faces(const Options& options);
  [[nodiscard]] Result<void> start_workers(const Options& options, const CorePlan& cores);

  Capacities capacities_;
  Eal eal_;
  HealthBlock health_;
  CountersBlock counters_;
  CaptureBlock capture_;
  SnapshotCell snapshots_;
  Crew crew_;
  std::vector<std::pair<int, DpdkPool>> pools_;  // by NUMA node
  std::vector<DpdkMember> members_;
  std::vector<DpdkPort> ports_;                                // by port number
  std::vector<std::unique_ptr<DpdkKernelFace>> kernel_faces_;  // by port number; empty without
  std::vector<std::unique_ptr<PortQueue>> queues_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<bool> stop_{false};
};

}  // namespace guideway
