// SPDX-License-Identifier: Apache-2.0
// What the API shows of the running control plane: status, services, backends and counters as JSON. It only reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/api/operations.hh"
#include "controlplane/compile/ledger.hh"
#include "controlplane/daemon/drain_watch.hh"
#include "controlplane/daemon/health_board.hh"
#include "controlplane/daemon/reachability.hh"
#include "controlplane/model/intent.hh"
#include "controlplane/publish/door_client.hh"

namespace guideway {

struct Observed {
  const Intent& intent;
  const Ledger& ledger;
  const HealthBoard& board;
  const DoorClient& door;
  const ReachabilityOutcome& reachability;
  const DrainWatch& drains;
  std::uint64_t generation;
  std::uint64_t uptime_s;
  std::vector<std::string> warnings;
};

[[nodiscard]] Reply observe_status(const Observed& observed);
[[nodiscard]] Reply observe_services(const Observed& observed);
[[nodiscard]] Reply observe_service(const Observed& observed, const std::string& name);
[[nodiscard]] Reply observe_backends(const Observed& observed, const std::optional<std::string>& pool);
// One alone, with what it is checked by and whom it serves.
[[nodiscard]] Reply observe_backend(const Observed& observed, const BackendKey& key);
[[nodiscard]] Reply observe_stats(const Observed& observed);

}  // namespace guideway
