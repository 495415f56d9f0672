// SPDX-License-Identifier: Apache-2.0
// Packet buffers for DPDK ports, on the memory of one NUMA node. Each has room for a whole frame behind the headroom
// that the pipeline counts on, so that a frame is always one piece.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/base/result.hh"

struct rte_mempool;

namespace guideway {

class DpdkPool {
 public:
  // `numa_node` below 0: any.
  [[nodiscard]] static Result<DpdkPool> create(const std::string& name, std::uint32_t buffer_count,
                                               std::uint32_t mtu_bytes, std::uint32_t frame_bytes_min, int numa_node);
  [[nodiscard]] rte_mempool* get() const noexcept { return pool_.get(); }

 private:
  struct Free {
    void operator()(rte_mempool* pool) const noexcept;
  };
  explicit DpdkPool(rte_mempool* pool) noexcept : pool_(pool) {}
  std::unique_ptr<rte_mempool, Free> pool_;
};

}  // namespace guideway
