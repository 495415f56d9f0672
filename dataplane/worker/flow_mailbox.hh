// SPDX-License-Identifier: Apache-2.0
// How another thread asks a worker what it remembers of a flow, without a lock on the packet path: the worker looks at
// one pointer a poll. One asker at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "ebpf/abi/flow.h"

namespace guideway {

struct RememberedFlow {
  std::uint32_t backend = 0;
  gw_flow_state state = GW_FLOW_PROBATION;
  std::uint32_t remaining_ticks = 0;
};

struct FlowQuestion {
  std::uint64_t hash = 0;
  std::optional<RememberedFlow> answer;
  std::atomic<bool> answered{false};
};

class FlowMailbox {
 public:
  // The asker's side: whether the worker answered in time. If so, `question.answer` is what it remembers.
  [[nodiscard]] bool ask(FlowQuestion& question, std::chrono::milliseconds patience);

  // The worker's side: the question to answer, or null.
  [[nodiscard]] FlowQuestion* look() noexcept {
    if (question_.load(std::memory_order_relaxed) == nullptr) [[likely]]
      return nullptr;
    return question_.exchange(nullptr, std::memory_order_acquire);
  }
  static void answer(FlowQuestion& question, const std::optional<RememberedFlow>& found) noexcept {
    question.answer = found;
    question.answered.store(true, std::memory_order_release);
  }

 private:
  alignas(64) std::atomic<FlowQuestion*> question_{nullptr};
};

}  // namespace guideway
