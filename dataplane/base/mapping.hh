// SPDX-License-Identifier: Apache-2.0
// Memory that has a file descriptor: anonymous files (memfd) to hand to another process, and mappings of them.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {

// A mapping with one owner; unmapped when it ends.
class Mapping {
 public:
  Mapping() noexcept = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  // Maps `length_bytes` of `fd`, shared. Fails if there is less of it. `fd` may also be a BPF array (BPF_F_MMAPABLE).
  [[nodiscard]] static Result<Mapping> of_file(int fd, std::size_t length_bytes, bool writable);
  // Zeroed private memory, on 2 MB pages where the machine has any (first reserved ones, else transparent ones).
  [[nodiscard]] static Result<Mapping> anonymous(std::size_t length_bytes);

  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {data_, length_bytes_}; }
  [[nodiscard]] std::byte* data() const noexcept { return data_; }

 private:
  Mapping(std::byte* data, std::size_t length_bytes) noexcept : data_(data), length_bytes_(length_bytes) {}
  void reset() noexcept;
  std::byte* data_ = nullptr;
  std::size_t length_bytes_ = 0;
};

// A zeroed anonymous file of that length, writable by whoever holds it.
[[nodiscard]] Result<UniqueFd> make_shared_memory(std::string_view name, std::size_t length_bytes);
// From now on nobody can take such memory away from under those who map it (a page behind a file's new end is a
// SIGBUS), nor what `further_seals` say (F_SEAL_FUTURE_WRITE: write to it by another mapping than those there are).
[[nodiscard]] Result<void> seal_shared_memory(int fd, int further_seals = 0);

}  // namespace guideway
