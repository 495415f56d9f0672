// SPDX-License-Identifier: Apache-2.0
// What is told of every worker of the datapath: its loops, its flow table, and every way out that packets took.
#include <cmath>

#include "controlplane/metrics/families.hh"
#include "dataplane/pipeline/exits.hh"

namespace guideway {

using prometheus::MetricType;

namespace {

struct OfWorker {
  const char* name;
  const char* help;
  __u64 gw_worker_counters::*counter;
};

constexpr OfWorker counters[] = {
    {"guideway_worker_received_packets_total", "Packets received: the sum of all exits",
     &gw_worker_counters::received_packets},
    {"guideway_worker_received_bytes_total", "Bytes received", &gw_worker_counters::received_bytes},
    {"guideway_worker_sent_bytes_total", "Bytes sent to backends", &gw_worker_counters::sent_bytes},
    {"guideway_worker_from_kernel_packets_total", "Packets of this box's kernel, passed on to the port",
     &gw_worker_counters::from_kernel_packets},
    {"guideway_worker_from_kernel_dropped_packets_total", "Packets of this box's kernel that found the port full",
     &gw_worker_counters::from_kernel_dropped},
    {"guideway_worker_loops_total", "Polls of all queues", &gw_worker_counters::loops},
    {"guideway_worker_busy_loops_total", "Polls that found packets", &gw_worker_counters::busy_loops},
    {"guideway_worker_plain_packets_total", "Packets that a plain slot answered without a look into the flow table",
     &gw_worker_counters::plain},
    {"guideway_worker_flow_lookups_total", "Looks into the flow table", &gw_worker_counters::asked},
    {"guideway_worker_flows_inserted_total", "Flow entries made", &gw_worker_counters::flows_inserted},
    {"guideway_worker_flows_not_remembered_total", "Flows that found no place in the flow table",
     &gw_worker_counters::flows_not_remembered},
    {"guideway_worker_flows_displaced_total", "Flow entries on probation that made room for another",
     &gw_worker_counters::flows_displaced},
    {"guideway_worker_flows_expired_total", "Flow entries that ran out", &gw_worker_counters::flows_expired},
};

constexpr OfWorker measured_counters[] = {
    {"guideway_worker_cycles_total", "Cycles of the worker's core since it began, asleep or not",
     &gw_worker_counters::cycles},
    {"guideway_worker_busy_cycles_total",
     "Cycles of polls that found packets: by all cycles the load, by packets received what one costs",
     &gw_worker_counters::busy_cycles},
};

const char* name_of(ExitKind kind) {
  switch (kind) {
    case ExitKind::sent:
      return "sent";
    case ExitKind::answered:
      return "answered";
    case ExitKind::kernel:
      return "kernel";
    case ExitKind::drop:
      return "drop";
  }
  return "drop";
}

template <typename Value>
void add_of_each(const MetricFacts& facts, prometheus::MetricFamily& to, Value value) {
  for (std::size_t number = 0; number < facts.workers.size(); ++number)
    add_sample(to, {{"worker", std::to_string(number)}}, static_cast<double>(value(facts.workers[number])));
}

void add_counters(const MetricFacts& facts, const OfWorker& one, Families& to) {
  add_of_each(facts, add_family(to, one.name, one.help, MetricType::Counter),
              [&](const WorkerMetrics& worker) { return worker.counters.*one.counter; });
}

// A worker's counts by class, the last of which has no upper bound.
template <std::size_t classes, typename Bound>
prometheus::ClientMetric histogram_of(std::size_t worker, const __u64 (&counts)[classes], double sum, Bound bound) {
  prometheus::ClientMetric metric;
  metric.label = {{"worker", std::to_string(worker)}};
  metric.histogram.sample_sum = sum;
  for (std::size_t each = 0; each < classes; ++each) {
    metric.histogram.sample_count += counts[each];
    if (each + 1 < classes) metric.histogram.bucket.push_back({metric.histogram.sample_count, bound(each)});
  }
  return metric;
}

// Of a datapath that measures itself.
void add_measured(const MetricFacts& facts, Families& to) {
  for (const OfWorker& one : measured_counters) add_counters(facts, one, to);
  auto& bursts = add_family(to, "guideway_worker_burst_packets", "Packets that one poll of the ports found",
                            MetricType::Histogram);
  auto& latencies =
      add_family(to, "guideway_worker_latency_seconds",
                 "From receiving a burst to handing its last packet to a transmit queue; one burst of 64 is timed",
                 MetricType::Histogram);
  for (std::size_t number = 0; number < facts.workers.size(); ++number) {
    const gw_worker_counters& worker = facts.workers[number].counters;
    bursts.metric.push_back(histogram_of(number, worker.bursts, static_cast<double>(worker.received_packets),
                                         [](std::size_t each) { return std::ldexp(2.0, static_cast<int>(each)) - 1; }));
    latencies.metric.push_back(histogram_of(
        number, worker.latencies, static_cast<double>(worker.latency_sum_ns) / 1e9,
        [](std::size_t each) { return std::ldexp(1e-9, static_cast<int>(each + GW_LATENCY_FIRST_BITS)); }));
  }
}

}  // namespace

void add_worker_families(const MetricFacts& facts, Families& to) {
  for (const OfWorker& one : counters) add_counters(facts, one, to);
  if (facts.cycles_per_second != 0) add_measured(facts, to);
  add_of_each(facts,
              add_family(to, "guideway_worker_flows_remembered", "Entries in the flow table now", MetricType::Gauge),
              [](const WorkerMetrics& worker) { return worker.flows_now; });
  add_of_each(
      facts,
      add_family(to, "guideway_worker_flows_remembered_highest",
                 "Most entries in the flow table since guidewayd started, looked at every second", MetricType::Gauge),
      [](const WorkerMetrics& worker) { return worker.flows_highest; });
  add_of_each(
      facts,
      add_family(to, "guideway_worker_flows_limit", "Entries that the flow table has room for", MetricType::Gauge),
      [&](const WorkerMetrics&) { return facts.flows_max; });
  auto& exits = add_family(to, "guideway_worker_exit_packets_total",
                           "Packets by their exit: sent to a backend, answered, given to the kernel or dropped by name",
                           MetricType::Counter);
  for (std::size_t number = 0; number < facts.workers.size(); ++number) {
    for (const ExitName& exit : exit_names())
      add_sample(exits,
                 {{"worker", std::to_string(number)}, {"exit", std::string(exit.name)}, {"kind", name_of(exit.kind)}},
                 static_cast<double>(facts.workers[number].counters.exits[exit.exit]));
  }
}

}  // namespace guideway
