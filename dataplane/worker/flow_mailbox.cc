// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/flow_mailbox.hh"

#include <thread>

namespace guideway {

bool FlowMailbox::ask(FlowQuestion& question, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  question_.store(&question, std::memory_order_release);
  while (!question.answered.load(std::memory_order_acquire)) {
    if (std::chrono::steady_clock::now() >= end) {
      // Taken back, unless the worker holds it already: then the answer is a moment away and must be waited for,
      // because the question dies with this call.
      FlowQuestion* mine = &question;
      if (question_.compare_exchange_strong(mine, nullptr, std::memory_order_acq_rel)) return false;
      while (!question.answered.load(std::memory_order_acquire)) std::this_thread::yield();
      return true;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  return true;
}

}  // namespace guideway
