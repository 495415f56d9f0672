// SPDX-License-Identifier: Apache-2.0
// Takes this thread from CPU to CPU, and back to those that it may run on when it ends. While it runs on a CPU, no
// packet is under way there: XDP programs run with softirqs off, from their first instruction to their last.
// Meanwhile it goes before ordinary threads, if it may (root, CAP_SYS_NICE): it stays nowhere for long, and would wait
// for milliseconds on every CPU that is busy.
#pragma once

#include <sched.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/base/result.hh"

namespace guideway {

class CpuTour {
 public:
  CpuTour() noexcept;
  CpuTour(const CpuTour&) = delete;
  CpuTour& operator=(const CpuTour&) = delete;
  ~CpuTour();

  // False where the kernel does not let this thread run there.
  bool go_to(std::uint32_t cpu) noexcept;

 private:
  cpu_set_t before_;
  bool can_return_;
  bool goes_first_;
};

// The CPUs of a list as the kernel writes it, "0-3,8": /sys/devices/system/cpu/online.
[[nodiscard]] Result<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text);

}  // namespace guideway
