// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/xdp/measurement.hh"

#include <linux/bpf.h>

#include <algorithm>
#include <functional>
#include <memory>
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

constexpr std::uint64_t reference_flows_max = 1U << 20U;
// With less room it would matter what the kernel's hash sets aside for each CPU.
constexpr std::uint32_t reference_room_min = 1U << 16U;

// A reference that knows the row's flows, or none where it does not serve the row. It has room for half as many again,
// as the program, up to a million and a half.
Result<std::unique_ptr<Reference>> make_reference(Driver& driver, const Row& row) {
  if (!Reference::serves(row)) return std::unique_ptr<Reference>{};
  const std::uint64_t flows = std::min(row.flows, reference_flows_max);
  auto reference = Reference::load(std::max(static_cast<std::uint32_t>(flows + flows / 2), reference_room_min));
  if (!reference) return reference;
  gw_bench_plan plan = plan_of(row);
  plan.is_in_order = 1;
  if (auto opened = driver.run((*reference)->program_fd(), plan, flows); !opened) return failure_of(opened);
  return reference;
}

// One that inserts flows which it should have known would be no reference.
Result<void> check_reference(const Row& row, const Reference& reference, std::uint64_t inserted_before) {
  const std::uint64_t inserted = reference.flows_inserted() - inserted_before;
  const bool knows_all = row.traffic == Traffic::established && row.flows <= reference_flows_max;
  if (!knows_all || inserted == 0) return {};
  return failure("row \"" + row.name + "\" with " + std::to_string(row.flows) + " flows: the reference lost " +
                 std::to_string(inserted));
}

// Each contestant finds the caches as the one before left them. Where every flow has lines of its own a turn is long
// enough to be about those.
std::uint64_t packets_a_turn(const Row& row, const Effort& effort) {
  return row.is_remembered ? std::max(effort.packets, 4 * row.flows) : effort.packets;
}

// The times of one contestant, one a round.
struct Contestant {
  std::function<Result<double>()> run;
  std::vector<double> times{};
};

Result<void> run_in_turns(std::vector<Contestant>& contestants, std::uint32_t rounds) {
  for (std::uint32_t round = 0; round < rounds; ++round) {
    for (Contestant& each : contestants) {
      const Result<double> took_ns = each.run();
      if (!took_ns) return failure_of(took_ns);
      each.times.push_back(*took_ns);
    }
  }
  return {};
}

// The median of what part of `whole` the `part` took, round by round.
double median_ratio(const Contestant& part, const Contestant& whole) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < part.times.size(); ++i) ratios.push_back(part.times[i] / whole.times[i]);
  return figure_of(ratios).median;
}

// Its own packet, unchanged or with room in front.
gw_bench_plan floor_plan(const Row& row, std::uint32_t action, std::int32_t growth) {
  gw_bench_plan plan = plan_of(row);
  plan.expected_action = action;
  plan.expected_growth = growth;
  return plan;
}

}  // namespace

Result<Measured> measure(Driver& driver, const XdpProgram& program, const Row& row, const Effort& effort) {
  const gw_bench_plan plan = plan_of(row);
  const gw_bench_plan pass = floor_plan(row, XDP_PASS, 0);
  const gw_bench_plan move_head = floor_plan(row, XDP_TX, 20);
  if (row.is_remembered) {
    if (auto opened = open_flows(driver, program, row); !opened) return failure_of(opened);
  }
  const std::uint64_t packets = packets_a_turn(row, effort);
  if (auto warm = run(driver, program, row, plan, packets); !warm) return failure_of(warm);
  const auto reference = make_reference(driver, row);
  if (!reference) return failure_of(reference);

  std::vector<Contestant> contestants{
      {[&] { return driver.run(driver.pass_fd(), pass, packets); }},
      {[&] { return driver.run(driver.move_head_fd(), move_head, packets); }},
      {[&] { return run(driver, program, row, plan, packets); }},
  };
  if (*reference) contestants.push_back({[&] { return driver.run((*reference)->program_fd(), plan, packets); }});
  const std::uint64_t inserted_before = *reference ? (*reference)->flows_inserted() : 0;
  if (auto ran = run_in_turns(contestants, effort.rounds); !ran) return failure_of(ran);
  if (*reference) {
    if (auto checked = check_reference(row, **reference, inserted_before); !checked) return failure_of(checked);
  }

  Measured measured{.row = row,
                    .floor_pass = figure_of(contestants[0].times),
                    .floor_move_head = figure_of(contestants[1].times),
                    .program = figure_of(contestants[2].times),
                    .multiple = median_ratio(contestants[2], contestants[1])};
  measured.least_multiple = measured.program.least / measured.floor_move_head.least;
  if (!*reference) return measured;
  measured.reference = figure_of(contestants[3].times);
  measured.of_reference = median_ratio(contestants[2], contestants[3]);
  return measured;
}

}  // namespace guideway::bench
