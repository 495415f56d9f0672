// SPDX-License-Identifier: Apache-2.0
// simulate --seed N --seeds N --ticks N [--udp] [--round-robin] [--canary] [--trace FILE]
// Runs worlds and says what became of their flows. Exit status 1 if any flow of a living backend ever moved; with
// --canary the service is told a far too short idle timeout, and the run must find violations.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/sim/world.hh"

int main(int argc, char** argv) {
  using namespace guideway;
  sim::WorldOptions options;
  std::uint64_t seeds = 1;
  std::uint32_t ticks = 20'000;
  bool udp = false;
  bool round_robin = false;
  bool canary = false;
  CLI::App app{"Simulates flows under a changing configuration and failing backends"};
  app.add_option("--seed", options.seed, "first seed");
  app.add_option("--seeds", seeds, "how many seeds");
  app.add_option("--ticks", ticks, "ticks of 1/16 s a run");
  app.add_option("--trace", options.trace, "write the story as JSON lines");
  app.add_flag("--udp", udp, "UDP flows, all remembered");
  app.add_flag("--round-robin", round_robin, "round robin, all flows remembered");
  app.add_flag("--canary", canary, "break the rule on purpose: violations must be found");
  CLI11_PARSE(app, argc, argv);
  if (udp) options.protocol = Protocol::udp;
  if (round_robin) options.scheduler = Scheduler::round_robin;
  if (canary) options.service_idle_ticks = 20;

  std::uint64_t violations = 0;
  for (const std::uint64_t end = options.seed + seeds; options.seed < end; ++options.seed) {
    sim::World world(options);
    for (std::uint32_t i = 0; i < ticks; ++i) world.tick(true);
    violations += world.violations();
    std::printf("seed %llu: %llu flows opened, %llu violations, at most %u remembered, %llu plain, %llu asked %s\n",
                static_cast<unsigned long long>(options.seed), static_cast<unsigned long long>(world.opened()),
                static_cast<unsigned long long>(world.violations()), world.remembered_max(),
                static_cast<unsigned long long>(world.counters().plain),
                static_cast<unsigned long long>(world.counters().asked), world.first_violation().c_str());
  }
  return (violations != 0) != canary ? 1 : 0;
}
