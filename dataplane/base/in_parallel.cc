// SPDX-License-Identifier: Apache-2.0
#include "dataplane/base/in_parallel.hh"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace guideway {
namespace {

// Of the cores that this process may use: a unit file may keep it off those of the workers.
std::size_t core_count() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  return ::sched_getaffinity(0, sizeof cores, &cores) == 0 ? static_cast<std::size_t>(CPU_COUNT(&cores)) : 1;
}

}  // namespace

void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto take_turns = [&] {
    for (std::size_t each = next.fetch_add(1); each < count; each = next.fetch_add(1)) work(each);
  };
  std::vector<std::jthread> others;
  const std::size_t threads = std::min(count, core_count());
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(take_turns);
  take_turns();
}

}  // namespace guideway
