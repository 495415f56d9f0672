// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp_datapath/sweeper.hh"

#include "dataplane/xdp/cpu_tour.hh"

namespace guideway {
namespace {

// Packets of that CPU wait meanwhile: some tens of microseconds.
constexpr std::uint32_t times_at_once = 512;

}  // namespace

Sweeper::Sweeper(const XdpProgram& program) noexcept : program_(program) {}

bool Sweeper::sweep_all() noexcept {
  CpuTour tour;
  bool done = true;
  for (std::uint32_t cpu = 0; cpu < program_.worker_count(); ++cpu) {
    const std::uint64_t& held = program_.counters(cpu).worker.flows_remembered;
    if (__atomic_load_n(&held, __ATOMIC_RELAXED) == 0) continue;
    done = tour.go_to(cpu) && program_.sweep(times_at_once).has_value() && done;
  }
  return done;
}

}  // namespace guideway
