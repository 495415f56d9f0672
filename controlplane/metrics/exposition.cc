// SPDX-License-Identifier: Apache-2.0
#include "controlplane/metrics/exposition.hh"

#include <algorithm>

#include <prometheus/text_serializer.h>

#include "controlplane/metrics/families.hh"

namespace guideway {

std::string exposition(const MetricFacts& facts) {
  Families families;
  families.reserve(64);
  add_daemon_families(facts, families);
  add_service_families(facts, families);
  add_backend_families(facts, families);
  add_worker_families(facts, families);
  // A family without samples would be two lines about nothing.
  std::erase_if(families, [](const auto& family) { return family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace guideway
