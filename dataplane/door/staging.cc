// SPDX-License-Identifier: Apache-2.0
#include "dataplane/door/staging.hh"

#include <algorithm>
#include <string>
#include <utility>

#include "ebpf/abi/limits.h"
#include "ebpf/abi/snapshot.h"

namespace guideway::door {

std::size_t snapshot_length_bytes_max(const Capacities& capacities) noexcept {
  return sizeof(gw_snapshot_header) + std::size_t{capacities.services_max} * sizeof(gw_service) +
         std::size_t{capacities.backends_max} * sizeof(gw_backend) + std::size_t{GW_TABLES_MAX} * sizeof(gw_table_ref) +
         std::size_t{GW_ACCESS_PREFIXES_MAX} * sizeof(gw_access_prefix);
}

Result<Staging> Staging::create(const Capacities& capacities) {
  const std::size_t half_bytes = std::max(staged_tables_bytes_max, snapshot_length_bytes_max(capacities));
  auto fd = make_shared_memory("guideway-staging", 2 * half_bytes);
  if (!fd) return failure_of(fd);
  if (auto sealed = seal_shared_memory(fd->get()); !sealed) return failure_of(sealed);
  auto memory = Mapping::of_file(fd->get(), 2 * half_bytes, false);
  if (!memory) return failure_of(memory);
  return Staging(std::move(*fd), std::move(*memory));
}

Result<std::span<const std::byte>> Staging::find(const StagedBytes& staged, std::size_t length_bytes_max) const {
  if (staged.length_bytes == 0) return failure("memory is empty");
  if (staged.length_bytes > length_bytes_max)
    return failure("memory has " + std::to_string(staged.length_bytes) + " bytes, at most " +
                   std::to_string(length_bytes_max) + " can be meant");
  if (staged.at_bytes > length_bytes() || staged.length_bytes > length_bytes() - staged.at_bytes)
    return failure("memory of " + std::to_string(staged.length_bytes) + " bytes at " + std::to_string(staged.at_bytes) +
                   " is not within the " + std::to_string(length_bytes()) + " of the staging memory");
  return std::span<const std::byte>(memory_.bytes()).subspan(staged.at_bytes, staged.length_bytes);
}

}  // namespace guideway::door
