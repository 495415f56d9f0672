// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/dpdk_pool.hh"

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <algorithm>

#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

static_assert(RTE_PKTMBUF_HEADROOM >= GW_HEADROOM_BYTES, "outer headers must fit in front of every frame");
constexpr std::uint32_t around_packet_bytes_max = 14 + 2 * 4 + 4;  // two VLAN tags, check sequence
constexpr std::uint32_t data_room_bytes_min = 2048;                // some NICs know only multiples of 1 KB
constexpr std::uint32_t core_cache_buffers = 256;

}  // namespace

void DpdkPool::Free::operator()(rte_mempool* pool) const noexcept { rte_mempool_free(pool); }

Result<DpdkPool> DpdkPool::create(const std::string& name, std::uint32_t buffer_count, std::uint32_t mtu_bytes,
                                  std::uint32_t frame_bytes_min, int numa_node) {
  const std::uint32_t frame_bytes = (mtu_bytes + around_packet_bytes_max + 1023) / 1024 * 1024;
  const std::uint32_t room_bytes = RTE_PKTMBUF_HEADROOM + std::max({frame_bytes, frame_bytes_min, data_room_bytes_min});
  rte_mempool* pool = rte_pktmbuf_pool_create(name.c_str(), buffer_count, core_cache_buffers, 0,
                                              static_cast<std::uint16_t>(room_bytes), numa_node);
  if (pool == nullptr)
    return failure("cannot allocate " + std::to_string(buffer_count) + " packet buffers of " +
                   std::to_string(room_bytes) + " bytes (" + rte_strerror(rte_errno) +
                   "): give more memory with --memory-mb, or fewer --rx-descriptors and --tx-descriptors");
  return DpdkPool(pool);
}

}  // namespace guideway
