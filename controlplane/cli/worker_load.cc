// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/worker_load.hh"

#include <vector>

#include <fmt/core.h>

#include "controlplane/cli/field.hh"
#include "ebpf/abi/counters.h"

namespace guideway {
namespace {

using nlohmann::json;

std::uint64_t at(const json& list, std::size_t i) {
  return i < list.size() && list[i].is_number_unsigned() ? list[i].get<std::uint64_t>() : 0;
}

// The classes of a histogram, and their sum.
std::vector<std::uint64_t> classes_between(const json& before, const json& now, const char* key, std::uint64_t& sum) {
  std::vector<std::uint64_t> classes(list_field(now, key).size());
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::uint64_t then = at(list_field(before, key), i);
    const std::uint64_t count = at(list_field(now, key), i);
    classes[i] = count >= then ? count - then : count;
    sum += classes[i];
  }
  return classes;
}

std::string below_text(std::uint64_t ns) {
  if (ns < 1'000) return fmt::format("{} ns", ns);
  if (ns < 1'000'000) return fmt::format("{} us", ns / 1'000);
  return fmt::format("{} ms", ns / 1'000'000);
}

}  // namespace

double grown(const json& before, const json& now, const char* key) {
  const std::uint64_t then = count_field(before, key);
  const std::uint64_t count = count_field(now, key);
  return static_cast<double>(count >= then ? count - then : count);
}

std::string busy_text(const json& before, const json& now) {
  const double cycles = grown(before, now, "cycles");
  return cycles > 0 ? fmt::format("{:.0f} %", 100 * grown(before, now, "busy_cycles") / cycles) : "-";
}

std::string cost_text(const json& before, const json& now) {
  const double packets = grown(before, now, "received");
  const double cycles = grown(before, now, "busy_cycles");
  return packets > 0 && cycles > 0 ? fmt::format("{:.0f}", cycles / packets) : "-";
}

std::string burst_text(const json& before, const json& now) {
  std::uint64_t bursts = 0;
  (void)classes_between(before, now, "bursts", bursts);
  return bursts > 0 ? fmt::format("{:.1f}", grown(before, now, "received") / static_cast<double>(bursts)) : "-";
}

std::string latency_text(const json& before, const json& now) {
  std::uint64_t timed = 0;
  const auto classes = classes_between(before, now, "latencies", timed);
  if (timed == 0) return "-";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i + 1 < classes.size(); ++i) {
    below += classes[i];
    if (below * 100 >= timed * 99) return below_text(std::uint64_t{1} << (i + GW_LATENCY_FIRST_BITS));
  }
  // The last class has no end.
  return "> " + below_text(std::uint64_t{1} << (classes.size() - 2 + GW_LATENCY_FIRST_BITS));
}

}  // namespace guideway
