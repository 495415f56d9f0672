// SPDX-License-Identifier: Apache-2.0
// Everything that one scrape tells, as values: copied on the daemon's thread, made into text on another.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controlplane/metrics/check_tally.hh"
#include "ebpf/abi/counters.h"

namespace guideway {

struct ServiceMetrics {
  std::string name;
  gw_service_counters counters{};
  std::uint64_t backends = 0;
  std::uint64_t backends_up = 0;
  bool is_served_by_backup = false;
  std::uint64_t serving_backends_up = 0;  // of the pool that serves: its own, or a backup
};

struct BackendMetrics {
  BackendKey key;
  std::string state;   // of its health word: "up"
  std::string reason;  // "check failed"
  bool is_up = false;
  double share = 0;  // 0 to 1
  std::uint32_t weight = 0;
  bool is_leaving = false;
  gw_backend_counters counters{};
  CheckOutcomes checks;
  double check_latency_s = -1;  // of the last one; below 0: there was none
};

struct WorkerMetrics {
  gw_worker_counters counters{};
  std::uint64_t flows_now = 0;
  std::uint64_t flows_highest = 0;
};

struct MetricFacts {
  std::string version;
  double started_at_s = 0;  // since 1970
  std::uint64_t generation = 0;
  std::uint64_t snapshots_accepted = 0;
  std::uint64_t snapshots_refused = 0;
  std::uint64_t snapshots_lost = 0;
  std::uint64_t warnings = 0;
  std::uint64_t edits = 0;
  std::uint64_t moving_slots = 0;
  bool is_connected = false;
  std::string datapath;  // its name while it is connected
  std::uint64_t connections = 0;
  std::uint64_t flows_max = 0;          // room of a worker's flow table
  std::uint64_t cycles_per_second = 0;  // 0: the datapath does not measure itself
  std::map<CheckKind, CheckTally::Kind> checks;
  std::vector<ServiceMetrics> services;
  std::vector<BackendMetrics> backends;
  std::vector<WorkerMetrics> workers;
};

}  // namespace guideway
