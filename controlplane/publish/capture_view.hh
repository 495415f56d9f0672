// SPDX-License-Identifier: Apache-2.0
// The reader's side of ebpf/abi/capture.h: wishes copies of packets, takes them from the rings of all workers, and
// wishes no more when it is gone. It believes nothing of the memory but what it checked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/base/mapping.hh"
#include "dataplane/base/result.hh"
#include "ebpf/abi/capture.h"

namespace guideway {

class CaptureView {
 public:
  [[nodiscard]] static Result<CaptureView> over(std::shared_ptr<Mapping> memory);
  CaptureView(CaptureView&&) = default;
  CaptureView& operator=(CaptureView&&) = default;
  ~CaptureView();

  // From now on: `stages` of gw_capture_stage, and only of these services unless there are none.
  void begin(std::uint32_t stages, std::span<const std::uint32_t> service_ids);
  // The wish ends at that tick unless it is renewed before: workers do not go on for a reader that died.
  void renew(std::uint32_t until_tick);
  // Copies that wait, `at_most` of them, worker by worker; how many.
  using Visit = std::function<void(std::uint32_t worker, const gw_capture_slot& slot)>;
  std::uint32_t take(std::uint32_t at_most, const Visit& visit);
  // Copies that found a ring full since begin().
  [[nodiscard]] std::uint64_t lost() const;

 private:
  explicit CaptureView(std::shared_ptr<Mapping> memory) : memory_(std::move(memory)) {}
  [[nodiscard]] gw_capture_wish& wish() const;
  [[nodiscard]] gw_capture_ring& ring(std::uint32_t worker) const;

  std::shared_ptr<Mapping> memory_;
  gw_capture_header header_{};
  std::vector<std::uint64_t> lost_before_;  // by worker
};

}  // namespace guideway
