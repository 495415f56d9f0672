// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp_datapath/sweeper.hh"

#include <sched.h>

namespace guideway {
namespace {

// Packets of that CPU wait meanwhile: some tens of microseconds.
constexpr std::uint32_t times_at_once = 512;

bool move_to_cpu(std::uint32_t cpu) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

}  // namespace

Sweeper::Sweeper(const XdpProgram& program) noexcept : program_(program) {}

bool Sweeper::sweep_all() noexcept {
  cpu_set_t before;
  if (::sched_getaffinity(0, sizeof before, &before) != 0) return false;
  bool done = true;
  for (std::uint32_t cpu = 0; cpu < program_.worker_count(); ++cpu) {
    const std::uint64_t& held = program_.counters(cpu).worker.flows_remembered;
    if (__atomic_load_n(&held, __ATOMIC_RELAXED) == 0) continue;
    done = move_to_cpu(cpu) && program_.sweep(times_at_once).has_value() && done;
  }
  ::sched_setaffinity(0, sizeof before, &before);
  return done;
}

}  // namespace guideway
