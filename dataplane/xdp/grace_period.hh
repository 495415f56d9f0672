// SPDX-License-Identifier: Apache-2.0
// Tells when every packet that was under way has its exit, so that nothing it may look at is in use any more.
#pragma once

#include "dataplane/base/result.hh"

namespace guideway {

enum class Grace {
  // This thread runs on every CPU once: what ran there with softirqs off is over then. Some ten microseconds a CPU.
  tour,
  // The kernel's own RCU grace period (membarrier): some ten milliseconds, more on a busy machine. Where the tour
  // proves nothing (a PREEMPT_RT kernel interrupts packets) or may not go everywhere (a cpuset).
  rcu,
};

class GracePeriod {
 public:
  // Fails where the kernel offers neither.
  [[nodiscard]] static Result<GracePeriod> create();

  // Returns how it was done.
  [[nodiscard]] Result<Grace> wait() const;

 private:
  GracePeriod(bool can_tour, bool has_membarrier) noexcept : can_tour_(can_tour), has_membarrier_(has_membarrier) {}
  bool can_tour_;
  bool has_membarrier_;
};

}  // namespace guideway
