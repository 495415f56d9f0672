// SPDX-License-Identifier: Apache-2.0
// The families of metrics, each with its name, its help and its samples, in the order in which they are shown.
#pragma once

#include <vector>

#include <prometheus/metric_family.h>

#include "controlplane/metrics/facts.hh"

namespace guideway {

using Families = std::vector<prometheus::MetricFamily>;

// Adds a family without samples and returns it.
prometheus::MetricFamily& add_family(Families& to, const char* name, const char* help, prometheus::MetricType type);
// Adds one sample of the family's type.
void add_sample(prometheus::MetricFamily& to, std::vector<prometheus::ClientMetric::Label> labels, double value);

void add_daemon_families(const MetricFacts& facts, Families& to);
void add_service_families(const MetricFacts& facts, Families& to);
void add_backend_families(const MetricFacts& facts, Families& to);
void add_worker_families(const MetricFacts& facts, Families& to);

}  // namespace guideway
