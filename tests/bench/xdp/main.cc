// SPDX-License-Identifier: Apache-2.0
// xdp-bench: nanoseconds a packet of the XDP program, beside the floor of what drives it. Needs root.
// docs/datapath-xdp.md tells the method.
#include <fmt/format.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "tests/bench/xdp/report.hh"

namespace guideway::bench {
namespace {

struct Options {
  Effort effort;
  std::uint64_t flows_max = std::uint64_t{10} << 20U;
  std::uint32_t cpu = 0;
  std::string only;
  std::string json_path;
};

Result<void> stay_on(std::uint32_t cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  if (::sched_setaffinity(0, sizeof one, &one) == 0) return {};
  return failure("--cpu " + std::to_string(cpu) + ": this process may not run there");
}

Result<std::vector<Measured>> measure_all(const Options& options) {
  auto driver = Driver::load();
  if (!driver) return failure_of(driver);
  std::unique_ptr<XdpProgram> program;
  std::uint32_t room_flows = 0;
  std::vector<Measured> all;
  for (const Row& row : rows(options.flows_max)) {
    if (row.name.find(options.only) == std::string::npos) continue;
    // A row whose flows are remembered needs a table without those of the row before.
    if (room_flows != row.room_flows || row.is_remembered) {
      auto made = make_bed({.flows_max = row.room_flows});
      if (!made) return failure_of(made);
      program = std::move(*made);
      room_flows = row.room_flows;
    }
    const auto measured = measure(**driver, *program, row, options.effort);
    if (!measured) return failure_of(measured);
    all.push_back(*measured);
  }
  return all;
}

Result<void> run(const Options& options) {
  if (auto stays = stay_on(options.cpu); !stays) return stays;
  const auto all = measure_all(options);
  if (!all) return failure_of(all);
  std::fputs(table_of(*all).c_str(), stdout);
  if (options.json_path.empty()) return {};
  std::ofstream json(options.json_path);
  json << json_of(*all, options.effort);
  json.close();
  return json ? Result<void>{} : failure("cannot write \"" + options.json_path + "\"");
}

}  // namespace
}  // namespace guideway::bench

int main(int argc, char** argv) {
  guideway::bench::Options options;
  CLI::App app("Measures the XDP program, packet by packet.");
  app.add_option("--rounds", options.effort.rounds, "how often floor and program are measured in turn")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--packets", options.effort.packets, "packets a turn; more for rows of many remembered flows")
      ->check(CLI::Range(32, 1 << 30))
      ->capture_default_str();
  app.add_option("--flows-max", options.flows_max, "no row has more flows")->check(CLI::Range(1, 16 << 20));
  app.add_option("--cpu", options.cpu, "the CPU to run on")->capture_default_str();
  app.add_option("--only", options.only, "rows whose names contain this");
  app.add_option("--json", options.json_path, "a file for the figures");
  CLI11_PARSE(app, argc, argv);
  if (const auto done = guideway::bench::run(options); !done) {
    fmt::print(stderr, "xdp-bench: {}\n", done.error().message);
    return 1;
  }
  return 0;
}
