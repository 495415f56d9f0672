// SPDX-License-Identifier: Apache-2.0
// What the door needs of the datapath behind it. The door's thread is the only caller.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "dataplane/base/result.hh"
#include "dataplane/door/messages.hh"
#include "dataplane/forwarding/capacities.hh"
#include "dataplane/forwarding/flow_scan.hh"
#include "dataplane/forwarding/snapshot.hh"

namespace guideway::door {

struct SharedMemory {
  int health_fd = -1;
  std::uint64_t health_bytes = 0;
  int counters_fd = -1;
  std::uint64_t counters_bytes = 0;
};

struct LentMemory {
  int fd = -1;
  std::uint64_t length_bytes = 0;
};

struct FoundFlow {
  std::uint32_t worker = 0;
  std::uint32_t backend = 0;
  std::uint32_t state = 0;
  std::uint32_t remaining_ticks = 0;
};

class Datapath {
 public:
  Datapath() = default;
  Datapath(const Datapath&) = delete;
  Datapath& operator=(const Datapath&) = delete;
  virtual ~Datapath() = default;

  // Fills in its name, its workers and its ports; the door does the rest.
  virtual void describe(Welcome& welcome) const = 0;
  [[nodiscard]] virtual SharedMemory shared_memory() const = 0;
  [[nodiscard]] virtual Capacities capacities() const = 0;
  // The snapshot in use; valid until publish().
  [[nodiscard]] virtual const Snapshot& newest() const = 0;
  // Returns when every worker uses it. All or nothing: on error every worker goes on with the one in use.
  [[nodiscard]] virtual Result<void> publish(std::unique_ptr<const Snapshot> next) = 0;
  // What the workers remember under that hash; an error if one of them does not answer.
  [[nodiscard]] virtual Result<std::optional<FoundFlow>> find_flow(std::uint64_t hash) = 0;
  // Some of what a worker below worker_count remembers, whatever it does meanwhile: see scan_flows().
  [[nodiscard]] virtual Result<FlowScan> read_flows(std::uint32_t worker, std::uint32_t first_bucket,
                                                    std::span<gw_flow_entry> room) = 0;
  // What copies of packets come through (ebpf/abi/capture.h); none if this datapath makes no copies.
  [[nodiscard]] virtual std::optional<LentMemory> capture_memory() const { return std::nullopt; }
  // The clock of flow deadlines.
  [[nodiscard]] virtual std::uint32_t now_ticks() const = 0;
};

}  // namespace guideway::door
