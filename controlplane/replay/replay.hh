// SPDX-License-Identifier: Apache-2.0
// Replay: a capture through the pipeline that guideway-dpdk runs, deterministic (time comes from the capture), without
// root or a NIC; or, by those who may load BPF, through the XDP program. docs/replay.md says what each file holds.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "controlplane/config/schema.hh"
#include "dataplane/base/result.hh"
#include "ebpf/abi/counters.h"

namespace guideway {

struct ReplayOptions {
  std::string datapath = "dpdk";  // which decides: "dpdk" or "xdp"
  std::string in;                 // capture to read
  std::string out;                // capture of what was sent to backends
  std::string kernel;             // capture of what the kernel would get; empty: not written
  std::string counters;           // "name value" lines; empty: not written
  std::string decisions;          // one line a packet: number, exit, backend; empty: not written
  std::string events;             // health changes with their times; empty: none
};

struct BackendSpread {
  std::uint64_t packets = 0;
  std::uint64_t flows = 0;  // distinct flows whose last packet went there
};

struct ReplayReport {
  gw_worker_counters counters{};
  std::uint64_t flows = 0;                        // distinct flows sent to some backend
  std::uint64_t flows_moved = 0;                  // of these, those that saw more than one backend
  std::map<std::string, BackendSpread> backends;  // by "pool/name", all that are configured
};

[[nodiscard]] Result<ReplayReport> replay(const Config& config, const ReplayOptions& options);

// Every counter as "name value" lines: received, the exits by name, then what the flow table did.
[[nodiscard]] std::string counters_text(const gw_worker_counters& counters);
[[nodiscard]] std::string report_text(const ReplayReport& report);
[[nodiscard]] std::string report_json(const ReplayReport& report);

}  // namespace guideway
