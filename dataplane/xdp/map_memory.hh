// SPDX-License-Identifier: Apache-2.0
// The memory of a BPF_F_MMAPABLE array, mapped: rows are read and written without a system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/base/result.hh"

namespace guideway {

class MapMemory {
 public:
  MapMemory() noexcept = default;
  MapMemory(MapMemory&& other) noexcept;
  MapMemory& operator=(MapMemory&& other) noexcept;
  MapMemory(const MapMemory&) = delete;
  MapMemory& operator=(const MapMemory&) = delete;
  ~MapMemory();

  // Maps `row_count` rows of T; the map's value must have T's size, a multiple of 8.
  template <typename T>
  [[nodiscard]] static Result<MapMemory> of_rows(int map_fd, std::size_t row_count) {
    static_assert(sizeof(T) % 8 == 0, "arrays round values up to 8 bytes");
    return of_bytes(map_fd, row_count * sizeof(T));
  }
  [[nodiscard]] static Result<MapMemory> of_bytes(int map_fd, std::size_t length_bytes);

  template <typename T>
  [[nodiscard]] std::span<T> rows() const noexcept {
    return {reinterpret_cast<T*>(data_), length_bytes_ / sizeof(T)};
  }
  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t length_bytes() const noexcept { return length_bytes_; }

 private:
  MapMemory(std::byte* data, std::size_t length_bytes) noexcept : data_(data), length_bytes_(length_bytes) {}
  std::byte* data_ = nullptr;
  std::size_t length_bytes_ = 0;
};

}  // namespace guideway
