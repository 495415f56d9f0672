// SPDX-License-Identifier: Apache-2.0
#include "controlplane/publish/counters_view.hh"

#include <cstring>

namespace guideway {
namespace {

std::uint64_t load(const std::byte* at) noexcept {
  return __atomic_load_n(reinterpret_cast<const std::uint64_t*>(at), __ATOMIC_RELAXED);
}

}  // namespace

Result<CountersView> CountersView::over(std::span<const std::byte> bytes) {
  gw_counters_header header{};
  if (bytes.size() < sizeof header) return failure("the datapath's counters are shorter than their header");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != GW_COUNTERS_MAGIC) return failure("the datapath's counters do not begin with their magic number");
  if (header.abi_version != GW_ABI_VERSION) {
    return failure("the datapath's counters are of ABI version " + std::to_string(header.abi_version) +
                   ", this guidewayd knows version " + std::to_string(GW_ABI_VERSION));
  }
  std::size_t block_bytes = sizeof(gw_worker_counters) +
                            std::size_t{header.services_max} * sizeof(gw_service_counters) +
                            std::size_t{header.backends_max} * sizeof(gw_backend_counters);
  if (header.worker_count == 0 || header.worker_count > GW_WORKERS_MAX || header.worker_stride_bytes < block_bytes ||
      header.worker_stride_bytes % sizeof(std::uint64_t) != 0 ||
      (bytes.size() - sizeof header) / header.worker_stride_bytes < header.worker_count) {
    return failure("the datapath's counters have an impossible layout");
  }
  return CountersView(bytes, header);
}

gw_worker_counters CountersView::worker(std::uint32_t number) const noexcept {
  gw_worker_counters counters{};
  if (number >= header_.worker_count) return counters;
  const std::byte* at = block(number);
  auto* to = reinterpret_cast<std::byte*>(&counters);
  for (std::size_t offset = 0; offset < sizeof counters; offset += sizeof(std::uint64_t)) {
    std::uint64_t value = load(at + offset);
    std::memcpy(to + offset, &value, sizeof value);
  }
  return counters;
}

gw_service_counters CountersView::service(std::uint32_t id) const noexcept {
  gw_service_counters sum{};
  if (id >= header_.services_max) return sum;
  for (std::uint32_t number = 0; number < header_.worker_count; ++number) {
    const std::byte* at = block(number) + sizeof(gw_worker_counters) + std::size_t{id} * sizeof sum;
    sum.packets += load(at + offsetof(gw_service_counters, packets));
    sum.bytes += load(at + offsetof(gw_service_counters, bytes));
  }
  return sum;
}

gw_backend_counters CountersView::backend(std::uint32_t index) const noexcept {
  gw_backend_counters sum{};
  if (index >= header_.backends_max) return sum;
  for (std::uint32_t number = 0; number < header_.worker_count; ++number) {
    const std::byte* at = block(number) + sizeof(gw_worker_counters) +
                          std::size_t{header_.services_max} * sizeof(gw_service_counters) +
                          std::size_t{index} * sizeof sum;
    sum.packets += load(at + offsetof(gw_backend_counters, packets));
    sum.bytes += load(at + offsetof(gw_backend_counters, bytes));
    sum.opened += load(at + offsetof(gw_backend_counters, opened));
    sum.remembered += load(at + offsetof(gw_backend_counters, remembered));
  }
  return sum;
}

}  // namespace guideway
