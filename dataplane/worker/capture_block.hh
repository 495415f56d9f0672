// SPDX-License-Identifier: Apache-2.0
// The memory of ebpf/abi/capture.h: made once, touched in advance, handed out through the door to whoever captures.
#pragma once

#include <cstdint>

#include "dataplane/base/mapping.hh"
#include "dataplane/base/result.hh"
#include "dataplane/worker/capture.hh"

namespace guideway {

class CaptureBlock {
 public:
  [[nodiscard]] static Result<CaptureBlock> create(std::uint32_t services_max, std::uint32_t worker_count);
  // A worker's side of it.
  [[nodiscard]] Capture worker(std::uint32_t index) const noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] std::uint64_t length_bytes() const noexcept { return memory_.bytes().size(); }

 private:
  CaptureBlock(UniqueFd fd, Mapping memory) noexcept : fd_(std::move(fd)), memory_(std::move(memory)) {}
  UniqueFd fd_;
  Mapping memory_;
};

}  // namespace guideway
