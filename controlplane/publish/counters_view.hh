// SPDX-License-Identifier: Apache-2.0
// The counters of a datapath (ebpf/abi/counters.h), read from memory that only its workers write. Blocks are summed
// over the workers when asked; every number is one relaxed load, so a sum may be a few packets behind itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/base/result.hh"
#include "ebpf/abi/counters.h"
#include "ebpf/abi/limits.h"

namespace guideway {

class CountersView {
 public:
  // Checks that the header describes exactly what lies in these bytes; they must outlive the view.
  [[nodiscard]] static Result<CountersView> over(std::span<const std::byte> bytes);

  [[nodiscard]] std::uint32_t worker_count() const noexcept { return header_.worker_count; }
  // Of gw_worker_counters.cycles; 0 if this datapath does not measure itself.
  [[nodiscard]] std::uint64_t cycles_per_second() const noexcept { return header_.cycles_per_second; }
  [[nodiscard]] gw_worker_counters worker(std::uint32_t number) const noexcept;
  // Summed over the workers; zero for an id or index beyond the datapath's room.
  [[nodiscard]] gw_service_counters service(std::uint32_t id) const noexcept;
  [[nodiscard]] gw_backend_counters backend(std::uint32_t index) const noexcept;

 private:
  CountersView(std::span<const std::byte> bytes, const gw_counters_header& header) noexcept
      : bytes_(bytes), header_(header) {}
  [[nodiscard]] const std::byte* block(std::uint32_t worker) const noexcept {
    return bytes_.data() + sizeof(gw_counters_header) + std::size_t{worker} * header_.worker_stride_bytes;
  }

  std::span<const std::byte> bytes_;
  gw_counters_header header_{};
};

}  // namespace guideway
