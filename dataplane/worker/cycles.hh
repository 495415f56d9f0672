// SPDX-License-Identifier: Apache-2.0
// The processor's own clock: it costs some ten nanoseconds to read, no system call, and runs on whatever the core does.
#pragma once

#include <cstdint>

namespace guideway {

[[nodiscard]] inline std::uint64_t read_cycles() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  std::uint64_t cycles = 0;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(cycles));
  return cycles;
#else
#error "no cycle counter is known for this processor"
#endif
}

// How fast it runs, measured against the system's clock: takes 20 ms, once at start.
[[nodiscard]] std::uint64_t measure_cycles_per_second() noexcept;

}  // namespace guideway
