// SPDX-License-Identifier: Apache-2.0
// What a replay tells: counters for programs, the spread over the backends for people.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "controlplane/replay/replay.hh"
#include "dataplane/pipeline/exits.hh"

namespace guideway {
namespace {

std::uint64_t sum_of(const gw_worker_counters& counters, ExitKind kind) {
  std::uint64_t sum = 0;
  for (const ExitName& exit : exit_names()) sum += exit.kind == kind ? counters.exits[exit.exit] : 0;
  return sum;
}

double percent_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::string counters_text(const gw_worker_counters& counters) {
  std::string text = fmt::format("received {}\n", counters.received_packets);
  for (const ExitName& exit : exit_names()) {
    if (counters.exits[exit.exit] != 0) text += fmt::format("{} {}\n", exit.name, counters.exits[exit.exit]);
  }
  text += fmt::format("plain {}\nasked {}\nflows_remembered {}\n", counters.plain, counters.asked,
                      counters.flows_remembered);
  return text;
}

std::string report_text(const ReplayReport& report) {
  const gw_worker_counters& counters = report.counters;
  std::string text =
      fmt::format("{} packets received: {} sent, {} answered, {} for the kernel, {} dropped\n",
                  counters.received_packets, counters.exits[GW_EXIT_SENT], sum_of(counters, ExitKind::answered),
                  sum_of(counters, ExitKind::kernel), sum_of(counters, ExitKind::drop));
  for (const ExitName& exit : exit_names()) {
    if (exit.kind != ExitKind::sent && counters.exits[exit.exit] != 0)
      text += fmt::format("  {:<24} {:>10}  {}\n", exit.name, counters.exits[exit.exit], exit.meaning);
  }
  text += fmt::format("{} flows, {} of them on more than one backend, {} remembered at the end\n\n", report.flows,
                      report.flows_moved, counters.flows_remembered);
  text += fmt::format("{:<32} {:>10} {:>8} {:>12}\n", "backend", "flows", "", "packets");
  for (const auto& [name, spread] : report.backends)
    text += fmt::format("{:<32} {:>10} {:>7.2f}% {:>12}\n", name, spread.flows, percent_of(spread.flows, report.flows),
                        spread.packets);
  return text;
}

std::string report_json(const ReplayReport& report) {
  nlohmann::json json{{"received", report.counters.received_packets},
                      {"plain", report.counters.plain},
                      {"asked", report.counters.asked},
                      {"flows_remembered", report.counters.flows_remembered},
                      {"flows", report.flows},
                      {"flows_moved", report.flows_moved},
                      {"exits", nlohmann::json::object()},
                      {"backends", nlohmann::json::object()}};
  for (const ExitName& exit : exit_names()) json["exits"][std::string(exit.name)] = report.counters.exits[exit.exit];
  for (const auto& [name, spread] : report.backends)
    json["backends"][name] = {{"packets", spread.packets}, {"flows", spread.flows}};
  return json.dump(2);
}

}  // namespace guideway
