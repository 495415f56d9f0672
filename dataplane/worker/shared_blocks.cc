// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/shared_blocks.hh"

#include <fcntl.h>

#include <cstring>

#include "dataplane/base/check.hh"
#include "ebpf/abi/portable.h"

namespace guideway {
namespace {

std::uint64_t stride_bytes(const Capacities& capacities) {
  const std::uint64_t bytes = sizeof(gw_worker_counters) +
                              std::uint64_t{capacities.services_max} * sizeof(gw_service_counters) +
                              std::uint64_t{capacities.backends_max} * sizeof(gw_backend_counters);
  // Two lines, since adjacent lines are fetched in pairs: no worker slows another down.
  return (bytes + 127) / 128 * 128;
}

}  // namespace

Result<HealthBlock> HealthBlock::create(const Capacities& capacities) {
  const std::size_t length_bytes = std::size_t{capacities.backends_max} * sizeof(std::uint64_t);
  auto fd = make_shared_memory("guideway-health", length_bytes);
  if (!fd) return failure_of(fd);
  auto memory = Mapping::of_file(fd->get(), length_bytes, true);
  if (!memory) return failure_of(memory);
  std::memset(memory->data(), 0, length_bytes);
  if (auto sealed = seal_shared_memory(fd->get()); !sealed) return failure_of(sealed);
  return HealthBlock(std::move(*fd), std::move(*memory));
}

HealthTable HealthBlock::table() const noexcept {
  return HealthTable(
      {reinterpret_cast<std::uint64_t*>(memory_.data()), memory_.bytes().size() / sizeof(std::uint64_t)});
}

Result<CountersBlock> CountersBlock::create(const Capacities& capacities, std::uint32_t worker_count,
                                            std::uint64_t cycles_per_second) {
  const std::uint64_t stride = stride_bytes(capacities);
  const std::uint64_t length_bytes = sizeof(gw_counters_header) + stride * worker_count;
  auto fd = make_shared_memory("guideway-counters", length_bytes);
  if (!fd) return failure_of(fd);
  auto memory = Mapping::of_file(fd->get(), length_bytes, true);
  if (!memory) return failure_of(memory);
  std::memset(memory->data(), 0, length_bytes);

  gw_counters_header header{};
  header.magic = GW_COUNTERS_MAGIC;
  header.abi_version = GW_ABI_VERSION;
  header.worker_count = worker_count;
  header.services_max = capacities.services_max;
  header.backends_max = capacities.backends_max;
  header.worker_stride_bytes = static_cast<std::uint32_t>(stride);
  header.cycles_per_second = cycles_per_second;
  std::memcpy(memory->data(), &header, sizeof(header));
  // From now on only the mapping that exists can write: readers cannot falsify what others read.
  if (auto sealed = seal_shared_memory(fd->get(), F_SEAL_FUTURE_WRITE); !sealed) return failure_of(sealed);
  return CountersBlock(std::move(*fd), std::move(*memory));
}

std::uint64_t CountersBlock::cycles_per_second() const noexcept {
  return reinterpret_cast<const gw_counters_header*>(memory_.data())->cycles_per_second;
}

WorkerCounters CountersBlock::worker(std::uint32_t index) const noexcept {
  const auto& header = *reinterpret_cast<const gw_counters_header*>(memory_.data());
  check(index < header.worker_count, "no such worker");
  std::byte* block = memory_.data() + sizeof(gw_counters_header) + std::size_t{header.worker_stride_bytes} * index;
  auto* services = reinterpret_cast<gw_service_counters*>(block + sizeof(gw_worker_counters));
  auto* backends = reinterpret_cast<gw_backend_counters*>(services + header.services_max);
  return WorkerCounters{
      *reinterpret_cast<gw_worker_counters*>(block), {services, header.services_max}, {backends, header.backends_max}};
}

}  // namespace guideway
