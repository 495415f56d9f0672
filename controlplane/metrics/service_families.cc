// SPDX-License-Identifier: Apache-2.0
// What is told of every service and every backend.
#include "controlplane/metrics/families.hh"

namespace guideway {

using prometheus::MetricType;

namespace {

template <typename Subject>
struct Numbered {
  const char* name;
  const char* help;
  MetricType type;
  double (*value)(const Subject&);
};

constexpr Numbered<ServiceMetrics> of_service[] = {
    {"guideway_service_packets_total", "Packets that were sent to backends of the service", MetricType::Counter,
     [](const ServiceMetrics& service) { return static_cast<double>(service.counters.packets); }},
    {"guideway_service_bytes_total", "Bytes of the packets that were sent to backends of the service",
     MetricType::Counter, [](const ServiceMetrics& service) { return static_cast<double>(service.counters.bytes); }},
    {"guideway_service_backends", "Backends of the service, without those that are leaving", MetricType::Gauge,
     [](const ServiceMetrics& service) { return static_cast<double>(service.backends); }},
    {"guideway_service_backends_up", "Backends of the service that are up", MetricType::Gauge,
     [](const ServiceMetrics& service) { return static_cast<double>(service.backends_up); }},
    {"guideway_service_backup_serves", "1 while a backup pool serves in the place of the service's own, else 0",
     MetricType::Gauge, [](const ServiceMetrics& service) { return service.is_served_by_backup ? 1.0 : 0.0; }},
    {"guideway_service_serving_backends_up",
     "Backends that are up of the pool that serves the service now: its own, or a backup", MetricType::Gauge,
     [](const ServiceMetrics& service) { return static_cast<double>(service.serving_backends_up); }},
};

constexpr Numbered<BackendMetrics> of_backend[] = {
    {"guideway_backend_up", "1 while the backend is up, else 0", MetricType::Gauge,
     [](const BackendMetrics& backend) { return backend.is_up ? 1.0 : 0.0; }},
    {"guideway_backend_share_ratio", "The part of its own slots that the backend accepts, 0 to 1", MetricType::Gauge,
     [](const BackendMetrics& backend) { return backend.share; }},
    {"guideway_backend_weight", "Its configured weight", MetricType::Gauge,
     [](const BackendMetrics& backend) { return static_cast<double>(backend.weight); }},
    {"guideway_backend_leaving", "1 while a removed backend waits for its last flows, else 0", MetricType::Gauge,
     [](const BackendMetrics& backend) { return backend.is_leaving ? 1.0 : 0.0; }},
    {"guideway_backend_packets_total", "Packets that were sent to the backend", MetricType::Counter,
     [](const BackendMetrics& backend) { return static_cast<double>(backend.counters.packets); }},
    {"guideway_backend_bytes_total", "Bytes of the packets that were sent to the backend", MetricType::Counter,
     [](const BackendMetrics& backend) { return static_cast<double>(backend.counters.bytes); }},
    {"guideway_backend_flows_opened_total", "Packets that opened a flow to the backend", MetricType::Counter,
     [](const BackendMetrics& backend) { return static_cast<double>(backend.counters.opened); }},
    {"guideway_backend_flows_remembered", "Flow entries that name the backend now", MetricType::Gauge,
     [](const BackendMetrics& backend) { return static_cast<double>(backend.counters.remembered); }},
};

using Labels = std::vector<prometheus::ClientMetric::Label>;

Labels labels_of(const BackendMetrics& backend) { return {{"pool", backend.key.pool}, {"backend", backend.key.name}}; }

Labels with(Labels labels, const char* name, const std::string& value) {
  labels.push_back({name, value});
  return labels;
}

}  // namespace

void add_service_families(const MetricFacts& facts, Families& to) {
  for (const auto& one : of_service) {
    auto& family = add_family(to, one.name, one.help, one.type);
    for (const ServiceMetrics& service : facts.services)
      add_sample(family, {{"service", service.name}}, one.value(service));
  }
}

void add_backend_families(const MetricFacts& facts, Families& to) {
  for (const auto& one : of_backend) {
    auto& family = add_family(to, one.name, one.help, one.type);
    for (const BackendMetrics& backend : facts.backends) add_sample(family, labels_of(backend), one.value(backend));
  }
  auto& states = add_family(to, "guideway_backend_state",
                            "1 for the state and the reason that the backend's health word has now", MetricType::Gauge);
  for (const BackendMetrics& backend : facts.backends)
    add_sample(states, with(with(labels_of(backend), "state", backend.state), "reason", backend.reason), 1);
  auto& checks = add_family(to, "guideway_backend_checks_total", "Health checks of the backend that ended, by result",
                            MetricType::Counter);
  for (const BackendMetrics& backend : facts.backends) {
    add_sample(checks, with(labels_of(backend), "result", "ok"), static_cast<double>(backend.checks.ok));
    add_sample(checks, with(labels_of(backend), "result", "failed"), static_cast<double>(backend.checks.failed));
    add_sample(checks, with(labels_of(backend), "result", "inconclusive"),
               static_cast<double>(backend.checks.inconclusive));
  }
  auto& latencies = add_family(to, "guideway_backend_check_latency_seconds",
                               "How long the backend's last health check took", MetricType::Gauge);
  for (const BackendMetrics& backend : facts.backends) {
    if (backend.check_latency_s >= 0) add_sample(latencies, labels_of(backend), backend.check_latency_s);
  }
}

}  // namespace guideway
