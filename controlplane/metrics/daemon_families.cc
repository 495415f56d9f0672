// SPDX-License-Identifier: Apache-2.0
// What guidewayd tells of itself, of the datapath it is connected to and of all checks together.
#include "controlplane/config/words.hh"
#include "controlplane/metrics/families.hh"

namespace guideway {

using prometheus::ClientMetric;
using prometheus::MetricType;

namespace {

void add_one(Families& to, const char* name, const char* help, MetricType type, double value) {
  add_sample(add_family(to, name, help, type), {}, value);
}

void add_checks(const MetricFacts& facts, Families& to) {
  auto& results =
      add_family(to, "guideway_checks_total",
                 "Health checks that ended, by kind and result; an inconclusive one speaks for and against nobody",
                 MetricType::Counter);
  for (const auto& [kind, tally] : facts.checks) {
    const std::string name(name_of(kind));
    add_sample(results, {{"kind", name}, {"result", "ok"}}, static_cast<double>(tally.outcomes.ok));
    add_sample(results, {{"kind", name}, {"result", "failed"}}, static_cast<double>(tally.outcomes.failed));
    add_sample(results, {{"kind", name}, {"result", "inconclusive"}}, static_cast<double>(tally.outcomes.inconclusive));
  }
  auto& durations = add_family(to, "guideway_check_duration_seconds",
                               "How long health checks took to their verdict, by kind", MetricType::Histogram);
  for (const auto& [kind, tally] : facts.checks) {
    ClientMetric metric;
    metric.label = {{"kind", std::string(name_of(kind))}};
    metric.histogram.sample_count = tally.verdicts;
    metric.histogram.sample_sum = static_cast<double>(tally.latency_us) / 1e6;
    for (std::size_t i = 0; i < tally.up_to.size(); ++i)
      metric.histogram.bucket.push_back({tally.up_to.at(i), static_cast<double>(CheckTally::bounds_us.at(i)) / 1e6});
    durations.metric.push_back(std::move(metric));
  }
}

}  // namespace

prometheus::MetricFamily& add_family(Families& to, const char* name, const char* help, MetricType type) {
  to.push_back({name, help, type, {}});
  return to.back();
}

void add_sample(prometheus::MetricFamily& to, std::vector<ClientMetric::Label> labels, double value) {
  ClientMetric& metric = to.metric.emplace_back();
  metric.label = std::move(labels);
  if (to.type == MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
}

void add_daemon_families(const MetricFacts& facts, Families& to) {
  add_sample(
      add_family(to, "guideway_build_info", "Always 1; the version of guidewayd is its label", MetricType::Gauge),
      {{"version", facts.version}}, 1);
  add_one(to, "guideway_start_time_seconds", "When guidewayd started, in seconds since 1970", MetricType::Gauge,
          facts.started_at_s);
  add_one(to, "guideway_warnings", "Sentences that guideway status warns with now", MetricType::Gauge,
          static_cast<double>(facts.warnings));
  add_one(to, "guideway_edits", "Edits that stand beside the configuration file", MetricType::Gauge,
          static_cast<double>(facts.edits));
  add_one(to, "guideway_generation", "Number of the newest snapshot", MetricType::Gauge,
          static_cast<double>(facts.generation));
  auto& snapshots = add_family(to, "guideway_snapshots_total",
                               "Snapshots sent to a datapath: accepted, refused by it, or lost with the connection",
                               MetricType::Counter);
  add_sample(snapshots, {{"result", "accepted"}}, static_cast<double>(facts.snapshots_accepted));
  add_sample(snapshots, {{"result", "refused"}}, static_cast<double>(facts.snapshots_refused));
  add_sample(snapshots, {{"result", "lost"}}, static_cast<double>(facts.snapshots_lost));
  add_one(to, "guideway_moving_slots", "Slots whose flows still belong to another backend than new ones",
          MetricType::Gauge, static_cast<double>(facts.moving_slots));
  add_one(to, "guideway_datapath_connected", "1 while a datapath is connected, else 0", MetricType::Gauge,
          facts.is_connected ? 1 : 0);
  add_one(to, "guideway_datapath_connections_total", "Times that a datapath's door opened", MetricType::Counter,
          static_cast<double>(facts.connections));
  if (facts.is_connected)
    add_sample(
        add_family(to, "guideway_datapath_info", "Always 1; the connected datapath is its label", MetricType::Gauge),
        {{"datapath", facts.datapath}}, 1);
  add_checks(facts, to);
}

}  // namespace guideway
