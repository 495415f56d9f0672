// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/cycles.hh"

#include <ctime>

namespace guideway {
namespace {

struct Instant {
  std::uint64_t ns;
  std::uint64_t cycles;
};

// Both clocks at once, as nearly as can be: of several readings the one that was interrupted least.
Instant now() noexcept {
  Instant best{};
  std::uint64_t shortest = ~std::uint64_t{0};
  for (int i = 0; i < 8; ++i) {
    const std::uint64_t before = read_cycles();
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC_RAW, &time);
    const std::uint64_t took = read_cycles() - before;
    if (took >= shortest) continue;
    shortest = took;
    best = {static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec),
            before + took / 2};
  }
  return best;
}

}  // namespace

std::uint64_t measure_cycles_per_second() noexcept {
  const Instant begin = now();
  const timespec pause{0, 20'000'000};
  ::nanosleep(&pause, nullptr);
  const Instant end = now();
  const std::uint64_t ns = end.ns - begin.ns;
  return ns == 0 ? 0 : (end.cycles - begin.cycles) * 1'000'000 / (ns / 1000 == 0 ? 1 : ns / 1000);
}

}  // namespace guideway
