// SPDX-License-Identifier: Apache-2.0
// Nanoseconds a packet of the pipeline alone, over traffic, flows, services, backends, forwarding and ring length.
// Every case measures its own floor in the same run, burst by burst in turns, and reports both: `ns` is what the
// pipeline adds to a loop that writes and swaps the same frames. Times are of the thread's processor clock.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "dataplane/worker/cycles.hh"
#include "dataplane/worker/telemetry.hh"
#include "tests/bench/pipeline_rig.hh"

namespace guideway {
namespace {

constexpr std::uint32_t bursts_in_turn = 64;

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// In turns of 64 bursts `floor` and `total`, so that whatever disturbs hits both; medians over the turns.
template <typename Floor, typename Total>
void measure(benchmark::State& state, const PipelineRig& rig, Floor run_floor, Total run_total) {
  static const auto per_second = static_cast<double>(measure_cycles_per_second());
  const double ns_a_turn_packet = 1e9 / per_second / (bursts_in_turn * burst_packets_max);
  std::vector<double> floors;
  std::vector<double> totals;
  for (auto _ : state) {
    const std::uint64_t begin = read_cycles();
    for (std::uint32_t i = 0; i < bursts_in_turn; ++i) run_floor();
    const std::uint64_t middle = read_cycles();
    for (std::uint32_t i = 0; i < bursts_in_turn; ++i) run_total();
    floors.push_back(static_cast<double>(middle - begin) * ns_a_turn_packet);
    totals.push_back(static_cast<double>(read_cycles() - middle) * ns_a_turn_packet);
  }
  const double floor = median(floors);
  const double total = median(totals);
  state.counters["floor"] = floor;
  state.counters["total"] = total;
  state.counters["ns"] = total - floor;
  if (rig.scene().flood_percent == 100) state.counters["stored_per_s"] = 1e9 / (total - floor);
  state.SetItemsProcessed(state.iterations() * bursts_in_turn * burst_packets_max);
  const gw_worker_counters& counters = rig.counters();
  const std::uint64_t expected = rig.scene().traffic == Traffic::no_service ? counters.exits[GW_EXIT_KERNEL_NO_SERVICE]
                                                                            : counters.exits[GW_EXIT_SENT];
  if (expected != counters.received_packets) state.SkipWithError("packets did not go where they belong");
}

// The keyed hash alone, of a burst's flows, by each set of instructions that this processor has.
void add_hashes() {
  for (const HashVersion& version : hash_versions()) {
    if (!version.is_supported) continue;
    for (const auto& [name, family] : {std::pair("ipv4", GW_FAMILY_IPV4), {"ipv6", GW_FAMILY_IPV6}}) {
      const auto hash = [&version, family = static_cast<std::uint8_t>(family)](benchmark::State& state) {
        FlowLanes lanes;
        for (std::uint32_t lane = 0; lane < flows_hashed_max; ++lane) lanes.tails[lane] = lane;
        for (auto _ : state) {
          version.hash({1, 2}, lanes, flows_hashed_max, family);
          benchmark::DoNotOptimize(lanes.hashes[0]);
        }
        state.SetItemsProcessed(state.iterations() * flows_hashed_max);
      };
      benchmark::RegisterBenchmark(("hash:" + std::string(version.name) + "/" + name).c_str(), hash);
    }
  }
}

// What a worker does to know how it fares (worker.cc), around the pipeline's bursts; the floor is the pipeline without.
void measure_telemetry(benchmark::State& state) {
  PipelineRig rig(Scene{});
  gw_worker_counters counters{};
  Telemetry telemetry(counters, measure_cycles_per_second());
  telemetry.begin(read_cycles());
  measure(
      state, rig, [&] { rig.run_burst(); },
      [&] {
        const std::uint64_t timed_from = telemetry.count_burst(burst_packets_max) ? read_cycles() : 0;
        rig.run_burst();
        if (timed_from != 0) telemetry.count_latency(read_cycles() - timed_from);
        add_to(counters.loops, 1);
        add_to(counters.busy_loops, 1);
        telemetry.count_time(true, read_cycles());
      });
  if (counters.latency_sum_ns == 0 && state.iterations() > 1) state.SkipWithError("no burst was timed");
}

void add(const std::string& name, const Scene& scene) {
  benchmark::RegisterBenchmark(("pipeline/" + name).c_str(), [scene](benchmark::State& state) {
    PipelineRig rig(scene);
    measure(
        state, rig, [&rig] { rig.swap_burst(); }, [&rig] { rig.run_burst(); });
  });
}

void add_all() {
  for (const auto& [name, flows] :
       {std::pair("1", 1U), {"1k", 1U << 10U}, {"64k", 1U << 16U}, {"1M", 1U << 20U}, {"10M", 10'000'000U}}) {
    add(std::string("maglev/flows:") + name, {.flows = flows});
    if (flows > 1) add(std::string("follows/flows:") + name, {.flows = flows, .scheduler = Scheduler::round_robin});
  }
  add("maglev/syn/flows:64k", {.traffic = Traffic::syn});
  add("maglev/syn/flows:1M", {.flows = 1U << 20U, .traffic = Traffic::syn});
  add("maglev/moving/flows:64k", {.moves_a_slot_of_100 = true});
  add("maglev/moving/flows:1M", {.flows = 1U << 20U, .moves_a_slot_of_100 = true});
  // Every packet opens a flow and is remembered, in a table that is full of others like it.
  add("store/flows_max:1M",
      {.flows = 1U << 20U, .scheduler = Scheduler::round_robin, .flood_percent = 100, .flows_max = 1U << 20U});
  // Established flows of a service that follows every flow, among SYNs of a flood.
  for (const std::uint32_t percent : {0U, 25U, 50U, 75U, 100U})
    add("flood:" + std::to_string(percent), {.scheduler = Scheduler::round_robin, .flood_percent = percent});
  // The same half and half, but where chance has no part in it.
  for (const auto& [name, order] : {std::pair("blocks", FloodOrder::in_blocks), {"bursts", FloodOrder::in_bursts}})
    add(std::string("flood:50/") + name,
        {.scheduler = Scheduler::round_robin, .flood_percent = 50, .flood_order = order});
  add("udp/flows:64k", {.traffic = Traffic::udp});
  add("ipv6/flows:64k", {.traffic = Traffic::ipv6});
  add("no_service/flows:64k", {.traffic = Traffic::no_service});
  for (const std::uint32_t services : {100U, 10'000U})
    add("services:" + std::to_string(services), {.services = services});
  // Each packet of a burst of any of them.
  for (const std::uint32_t services : {2U, 10U, 100U})
    add("services:" + std::to_string(services) + "/chance", {.services = services, .services_by_chance = true});
  for (const std::uint32_t backends : {3U, 4000U}) add("backends:" + std::to_string(backends), {.backends = backends});
  add("forward:ipip", {.forward = Forward::ipip});
  add("forward:gue", {.forward = Forward::gue});
  benchmark::RegisterBenchmark("pipeline/telemetry:1", measure_telemetry);
  for (const std::uint32_t ring : {256U, 1024U, 4096U}) add("ring:" + std::to_string(ring), {.ring_frames = ring});
}

}  // namespace
}  // namespace guideway

int main(int argc, char** argv) {
  guideway::add_all();
  guideway::add_hashes();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
