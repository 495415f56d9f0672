// SPDX-License-Identifier: Apache-2.0
// What runs as it was told to and yet not as somebody may think: sentences for the status and for answers to edits.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controlplane/config/schema.hh"
#include "controlplane/daemon/backup_choice.hh"
#include "controlplane/daemon/health_board.hh"

namespace guideway {

// Checks that this machine cannot make: they move no backend, up or down. And what checks saw that will be wrong soon.
[[nodiscard]] std::vector<std::string> warnings_of_checks(const HealthBoard& board);
// Pools in panic or below their quorum, and backends that are held because they flap.
[[nodiscard]] std::vector<std::string> warnings_of_pools(const HealthBoard& board, std::int64_t now_ms);
// Services that nobody serves now; `serving`: which pool in the place of which.
[[nodiscard]] std::vector<std::string> warnings_of_services(const HealthBoard& board, const Config& config,
                                                            const Serving& serving);
// Backends that are down because their next hop is not known; `why`: a sentence for an index.
[[nodiscard]] std::vector<std::string> warnings_of_reach(const HealthBoard& board,
                                                         const std::map<std::uint32_t, std::string>& why);
// Pools in whose place another serves.
[[nodiscard]] std::vector<std::string> warnings_of_backups(const Serving& serving);
// Services with an address family that some of their l3dsr backends cannot be sent.
[[nodiscard]] std::vector<std::string> warnings_of_families(const Config& config);
// Services that join a pool whose checks got their port from another service.
[[nodiscard]] std::vector<std::string> warnings_of_shared_checks(const Config& before, const Config& after);

// What of a change takes effect only when something is started anew.
[[nodiscard]] std::vector<std::string> warnings_of_restart(const Config& from, const Config& to);
// Services whose flows are assigned afresh by a change, and why.
[[nodiscard]] std::vector<std::string> warnings_of_new_tables(const Config& before, const Config& after);

}  // namespace guideway
