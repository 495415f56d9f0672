// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/core_plan.hh"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace guideway {
namespace {

std::string list(const std::vector<unsigned>& cores) {
  std::string text;
  for (const unsigned core : cores) text += (text.empty() ? "" : ",") + std::to_string(core);
  return text;
}

bool contains(const std::vector<unsigned>& cores, unsigned core) {
  return std::find(cores.begin(), cores.end(), core) != cores.end();
}

Result<void> check_wishes(const CoreWishes& wishes, const std::vector<unsigned>& available) {
  std::vector<unsigned> asked = wishes.worker_cores;
  if (wishes.main_core) asked.push_back(*wishes.main_core);
  for (const unsigned core : asked) {
    if (!contains(available, core))
      return failure("core " + std::to_string(core) + " is not among those that this process may use (" +
                     list(available) + ")");
  }
  std::vector<unsigned> sorted = wishes.worker_cores;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    return failure("--cores names core " + std::to_string(*twice) + " twice: a worker needs a core of its own");
  if (!sorted.empty() && sorted.size() != wishes.worker_count)
    return failure("--cores names " + std::to_string(sorted.size()) + " cores for " +
                   std::to_string(wishes.worker_count) + " workers: name one for each");
  return {};
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value >= CPU_SETSIZE) return std::nullopt;
  return value;
}

}  // namespace

Result<CorePlan> plan_cores(const CoreWishes& wishes, const std::vector<unsigned>& available) {
  if (auto checked = check_wishes(wishes, available); !checked) return failure_of(checked);
  if (wishes.worker_count > available.size())
    return failure(std::to_string(wishes.worker_count) + " workers need a core each, this process may use " +
                   std::to_string(available.size()) + " (" + list(available) + "): lower --workers");
  CorePlan plan;
  plan.worker_cores = wishes.worker_cores;
  // Workers take the last cores, since the first is the one that interrupts and everybody else prefer; the main core
  // is left to housekeeping as long as there are others.
  const std::vector<unsigned> preferred(available.rbegin(), available.rend());
  const auto choose = [&](bool may_take_main_core) {
    for (const unsigned core : preferred) {
      if (plan.worker_cores.size() == wishes.worker_count) return;
      if (contains(plan.worker_cores, core)) continue;
      if (wishes.main_core == core && !may_take_main_core) continue;
      plan.worker_cores.push_back(core);
    }
  };
  choose(false);
  choose(true);
  if (wishes.worker_cores.empty()) std::sort(plan.worker_cores.begin(), plan.worker_cores.end());
  const auto free = std::find_if(available.begin(), available.end(),
                                 [&](unsigned core) { return !contains(plan.worker_cores, core); });
  plan.main_core = wishes.main_core.value_or(free != available.end() ? *free : plan.worker_cores.front());
  return plan;
}

Result<std::vector<unsigned>> parse_core_list(const std::string& text) {
  const auto wrong = [&] { return failure("--cores \"" + text + "\" is no list of cores like 1,3-5"); };
  std::vector<unsigned> cores;
  std::string_view rest = text;
  while (true) {
    const std::string_view item = rest.substr(0, rest.find(','));
    const std::size_t dash = item.find('-');
    const auto first = number(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number(item.substr(dash + 1));
    if (!first || !last || *first > *last) return wrong();
    for (unsigned core = *first; core <= *last; ++core) cores.push_back(core);
    if (item.size() == rest.size()) return cores;
    rest.remove_prefix(item.size() + 1);
  }
}

std::vector<unsigned> available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<unsigned> cores;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

}  // namespace guideway
