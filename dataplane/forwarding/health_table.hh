// SPDX-License-Identifier: Apache-2.0
// The health table: one atomic 64-bit word a backend (ebpf/abi/health.h), in memory that both processes map.
// The control plane stores with release, workers load relaxed. No lock, no message, no system call in between.
#pragma once

#include <cstdint>
#include <span>

#include "ebpf/abi/health.h"

namespace guideway {

class HealthTable {
 public:
  explicit HealthTable(std::span<std::uint64_t> words) noexcept : words_(words) {}

  // `backend` must be below size(); snapshots are checked for that before a worker sees them.
  [[nodiscard]] std::uint64_t load(std::uint32_t backend) const noexcept {
    return __atomic_load_n(&words_[backend], __ATOMIC_RELAXED);
  }
  void store(std::uint32_t backend, std::uint64_t word) const noexcept {
    __atomic_store_n(&words_[backend], word, __ATOMIC_RELEASE);
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(words_.size()); }

 private:
  std::span<std::uint64_t> words_;
};

}  // namespace guideway
