// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/grace_period.hh"

#include <fcntl.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "dataplane/base/unique_fd.hh"
#include "dataplane/xdp/cpu_tour.hh"

namespace guideway {
namespace {

// Small files of the kernel's; empty if there is no such file.
std::string text_of(const char* path) {
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> text{};
  const ssize_t length = file ? ::read(file.get(), text.data(), text.size()) : 0;
  return {text.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

bool interrupts_packets() { return text_of("/sys/kernel/realtime").starts_with("1"); }

bool knows_membarrier() {
  const long commands = ::syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  return commands > 0 && (commands & MEMBARRIER_CMD_GLOBAL) != 0;
}

// Asked anew each time: CPUs come and go.
bool tour() {
  const auto cpus = parse_cpu_list(text_of("/sys/devices/system/cpu/online"));
  if (!cpus) return false;
  CpuTour tour;
  // Where it is already costs nothing.
  const int first = ::sched_getcpu();
  if (first < 0 || !tour.go_to(static_cast<std::uint32_t>(first))) return false;
  return std::all_of(cpus->begin(), cpus->end(),
                     [&](std::uint32_t cpu) { return cpu == static_cast<std::uint32_t>(first) || tour.go_to(cpu); });
}

}  // namespace

Result<GracePeriod> GracePeriod::create() {
  const GracePeriod period(!interrupts_packets(), knows_membarrier());
  if (!period.has_membarrier_ && !(period.can_tour_ && tour())) {
    return failure(
        "guideway-xdp may not run on every CPU and this kernel has no MEMBARRIER_CMD_GLOBAL (it has not with "
        "nohz_full), "
        "so it cannot tell when an old generation is out of use; start it without a cpuset");
  }
  return period;
}

Result<Grace> GracePeriod::wait() const {
  if (can_tour_ && tour()) return Grace::tour;
  if (has_membarrier_ && ::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0) return Grace::rcu;
  return failure(std::string("cannot wait for packets of the old generation: ") + std::strerror(errno));
}

}  // namespace guideway
