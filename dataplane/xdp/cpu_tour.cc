// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/cpu_tour.hh"

#include <charconv>
#include <string>

namespace guideway {
namespace {

constexpr std::uint32_t cpus_max = CPU_SETSIZE;

// Takes a number off the front of the text.
bool take_number(std::string_view& text, std::uint32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number >= cpus_max) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

bool set_policy(int policy, int priority) {
  sched_param parameters{};
  parameters.sched_priority = priority;
  return ::sched_setscheduler(0, policy, &parameters) == 0;
}

}  // namespace

CpuTour::CpuTour() noexcept
    : before_{},
      can_return_(::sched_getaffinity(0, sizeof before_, &before_) == 0),
      // Only an ordinary thread, which is what it becomes again.
      goes_first_(::sched_getscheduler(0) == SCHED_OTHER && set_policy(SCHED_FIFO, 1)) {}

CpuTour::~CpuTour() {
  if (goes_first_) set_policy(SCHED_OTHER, 0);
  if (can_return_) ::sched_setaffinity(0, sizeof before_, &before_);
}

bool CpuTour::go_to(std::uint32_t cpu) noexcept {
  if (!can_return_ || cpu >= cpus_max) return false;
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(cpu, &only);
  return ::sched_setaffinity(0, sizeof only, &only) == 0;
}

Result<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text) {
  const std::string whole(text.substr(0, text.find('\n')));
  text = whole;
  std::vector<std::uint32_t> cpus;
  do {
    std::uint32_t first = 0;
    if (!take_number(text, first)) return failure("\"" + whole + "\" is no list of CPUs, such as 0-3,8");
    std::uint32_t last = first;
    if (take(text, '-') && (!take_number(text, last) || last < first))
      return failure("\"" + whole + "\" is no list of CPUs, such as 0-3,8");
    for (std::uint32_t cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  } while (take(text, ','));
  if (!text.empty()) return failure("\"" + whole + "\" is no list of CPUs, such as 0-3,8");
  return cpus;
}

}  // namespace guideway
