// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/xdp/measurement.hh"

#include <linux/bpf.h>

#include <algorithm>
#include <string>

#include "dataplane/pipeline/exits.hh"

namespace guideway::bench {
namespace {

Figure figure_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front()};
}

// Counters of all workers: the kernel runs the driver on whatever CPU this thread is on.
struct Counts {
  std::uint64_t received = 0;
  std::uint64_t of_exit = 0;
  std::uint64_t plain = 0;
  std::uint64_t asked = 0;
};

Counts counts_of(const XdpProgram& program, gw_exit exit) {
  Counts counts;
  for (std::uint32_t i = 0; i < program.worker_count(); ++i) {
    const gw_worker_counters& worker = program.counters(i).worker;
    counts.received += worker.received_packets;
    counts.of_exit += worker.exits[exit];
    counts.plain += worker.plain;
    counts.asked += worker.asked;
  }
  return counts;
}

Result<void> check(const Row& row, const Counts& before, const Counts& after, std::uint64_t packets) {
  const auto must_be = [&](const char* what, std::uint64_t got, std::uint64_t wanted) -> Result<void> {
    if (got == wanted) return {};
    return failure("row \"" + row.name + "\" with " + std::to_string(row.flows) + " flows: " + std::to_string(got) +
                   " packets " + what + ", not " + std::to_string(wanted));
  };
  if (auto ok = must_be("were counted", after.received - before.received, packets); !ok) return ok;
  const std::string left = "left by " + std::string(exit_names()[exit_of(row)].name);
  if (auto ok = must_be(left.c_str(), after.of_exit - before.of_exit, packets); !ok) return ok;
  const std::uint64_t asked = asks_flow_table(row) ? packets : 0;
  const std::uint64_t plain = row.has_service ? packets - asked : 0;
  if (auto ok = must_be("asked the flow table", after.asked - before.asked, asked); !ok) return ok;
  return must_be("had a plain slot", after.plain - before.plain, plain);
}

// Runs the program on packets of a row that was started by `plan`.
Result<double> run(Driver& driver, const XdpProgram& program, const Row& row, const gw_bench_plan& plan,
                   std::uint64_t packets) {
  const Counts before = counts_of(program, exit_of(row));
  auto took_ns = driver.run(program.program_fd(), plan, packets);
  const std::string where = "row \"" + row.name + "\" with " + std::to_string(row.flows) + " flows: ";
  if (!took_ns) return failure(where + took_ns.error().message);
  if (auto ok = check(row, before, counts_of(program, exit_of(row)), driver.packets()); !ok) return failure_of(ok);
  return took_ns;
}

std::uint64_t flows_remembered(const XdpProgram& program) {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < program.worker_count(); ++i) sum += program.counters(i).worker.flows_remembered;
  return sum;
}

// Opens every flow and establishes it.
Result<void> open_flows(Driver& driver, const XdpProgram& program, const Row& row) {
  Row opening = row;
  if (row.traffic == Traffic::established) opening.traffic = Traffic::syn;
  for (const Row& each : {opening, row}) {
    gw_bench_plan plan = plan_of(each);
    plan.is_in_order = 1;
    if (auto ok = run(driver, program, each, plan, row.flows); !ok) return failure_of(ok);
  }
  const std::uint64_t held = flows_remembered(program);
  if (held >= row.flows - row.flows / 25) return {};
  return failure("row \"" + row.name + "\": only " + std::to_string(held) + " of " + std::to_string(row.flows) +
                 " flows are remembered");
}

}  // namespace

Result<Measured> measure(Driver& driver, const XdpProgram& program, const Row& row, const Effort& effort) {
  const gw_bench_plan plan = plan_of(row);
  gw_bench_plan pass = plan;
  pass.expected_action = XDP_PASS;
  pass.expected_growth = 0;
  gw_bench_plan move_head = plan;
  move_head.expected_action = XDP_TX;
  move_head.expected_growth = 20;

  if (row.is_remembered) {
    if (auto opened = open_flows(driver, program, row); !opened) return failure_of(opened);
  }
  if (auto warm = run(driver, program, row, plan, effort.packets); !warm) return failure_of(warm);
  std::vector<double> times[3];
  std::vector<double> multiples;
  for (std::uint32_t round = 0; round < effort.rounds; ++round) {
    const Result<double> took_ns[3] = {driver.run(driver.pass_fd(), pass, effort.packets),
                                       driver.run(driver.move_head_fd(), move_head, effort.packets),
                                       run(driver, program, row, plan, effort.packets)};
    for (std::size_t i = 0; i < 3; ++i) {
      if (!took_ns[i]) return failure_of(took_ns[i]);
      times[i].push_back(*took_ns[i]);
    }
    multiples.push_back(*took_ns[2] / *took_ns[1]);
  }
  Measured measured{row, figure_of(times[0]), figure_of(times[1]), figure_of(times[2]), figure_of(multiples).median, 0};
  measured.least_multiple = measured.program.least / measured.floor_move_head.least;
  return measured;
}

}  // namespace guideway::bench
