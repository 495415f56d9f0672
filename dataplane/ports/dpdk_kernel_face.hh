// SPDX-License-Identifier: Apache-2.0
// The network interface that the kernel keeps for a port in poll mode: a TAP with the port's MAC address and MTU.
// Workers only touch two rings; a housekeeping thread moves packets between the rings and the TAP, so that no worker
// makes a system call for the kernel. What does not fit into a ring stays with the worker, which counts it by name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/ports/port.hh"
#include "dataplane/ports/tap_device.hh"

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;

namespace guideway {

struct KernelFaceSettings {
  std::uint32_t port_number = 0;
  TapSettings tap;
  std::uint32_t worker_count = 1;
  int numa_node = -1;
};

class DpdkKernelFace {
 public:
  // Makes the interface and sets it up. It is gone when this ends.
  [[nodiscard]] static Result<std::unique_ptr<DpdkKernelFace>> create(const KernelFaceSettings& settings,
                                                                      rte_mempool* pool);
  DpdkKernelFace(const DpdkKernelFace&) = delete;
  DpdkKernelFace& operator=(const DpdkKernelFace&) = delete;
  ~DpdkKernelFace();  // workers must have stopped

  // For that worker. The kernel's packets are all given to worker 0, so that they keep their order.
  [[nodiscard]] PortQueue& queue(std::uint32_t worker) noexcept { return *queues_[worker]; }

  // For the housekeeping thread: moves what there is, both ways. False if there was nothing.
  bool move() noexcept;

  [[nodiscard]] const std::string& interface_name() const noexcept { return interface_name_; }

 private:
  struct FreeRing {
    void operator()(rte_ring* ring) const noexcept;
  };
  using Ring = std::unique_ptr<rte_ring, FreeRing>;
  class Queue;

  DpdkKernelFace(std::string interface_name, TapDevice tap, rte_mempool* pool);
  [[nodiscard]] Result<void> make_rings(const KernelFaceSettings& settings);
  bool move_to_kernel() noexcept;
  bool move_from_kernel() noexcept;

  std::string interface_name_;
  TapDevice tap_;
  rte_mempool* pool_;  // for what the kernel sends
  Ring to_kernel_;
  Ring from_kernel_;
  std::vector<std::unique_ptr<PortQueue>> queues_;  // by worker
  rte_mbuf* waiting_ = nullptr;                     // taken from to_kernel_, not yet by the TAP
};

}  // namespace guideway
