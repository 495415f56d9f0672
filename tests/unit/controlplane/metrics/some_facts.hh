// SPDX-License-Identifier: Apache-2.0
// A scrape in which every family has a sample.
#pragma once

#include "controlplane/metrics/facts.hh"

namespace guideway {

[[nodiscard]] inline MetricFacts some_facts() {
  MetricFacts facts;
  facts.version = "1.2.3";
  facts.started_at_s = 1.7e9;
  facts.generation = 42;
  facts.snapshots_accepted = 40;
  facts.snapshots_refused = 2;
  facts.is_connected = true;
  facts.datapath = "guideway-dpdk";
  facts.flows_max = 1024;
  facts.cycles_per_second = 2'500'000'000;
  CheckTally tally;
  tally.add({"web", "a"}, CheckKind::http, {ProbeOutcome::ok, "", 800});
  tally.add({"web", "a"}, CheckKind::http, {ProbeOutcome::failed, "", 2'000'000});
  tally.add({"web", "a"}, CheckKind::http, {ProbeOutcome::inconclusive, "", 5});
  facts.checks = tally.kinds();
  facts.services.push_back({"web", {1234, 567890}, 2, 1, true, 3});
  BackendMetrics backend;
  backend.key = {"web", "a\"b\\c\nd"};
  backend.state = "up";
  backend.reason = "none";
  backend.is_up = true;
  backend.share = 0.5;
  backend.counters.packets = (std::uint64_t{1} << 53U) - 1;
  backend.checks = tally.of({"web", "a"});
  backend.check_latency_s = 0.0008;
  facts.backends.push_back(backend);
  WorkerMetrics worker;
  worker.counters.received_packets = 9;
  worker.counters.exits[GW_EXIT_DROP_NO_BACKEND] = 3;
  worker.counters.cycles = 5'000;
  worker.counters.busy_cycles = 3'000;
  worker.counters.bursts[0] = 2;
  worker.counters.bursts[2] = 1;
  worker.counters.bursts[GW_BURST_CLASSES - 1] = 1;
  worker.counters.latencies[1] = 3;
  worker.counters.latencies[GW_LATENCY_CLASSES - 1] = 1;
  worker.counters.latency_sum_ns = 9'500'000;
  worker.flows_highest = 7;
  facts.workers = {worker, worker};
  return facts;
}

}  // namespace guideway
