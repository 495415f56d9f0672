// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/health_log.hh"

#include <spdlog/spdlog.h>

#include "controlplane/daemon/log_value.hh"

namespace guideway {

void log_health(const HealthBoard::Entry& entry, const HealthState& before) {
  const HealthState& now = entry.health.state();
  const auto level =
      now.state == GW_HEALTH_DOWN && before.state != GW_HEALTH_DOWN ? spdlog::level::warn : spdlog::level::info;
  spdlog::log(level, "health backend={} state={} reason={} was={} detail={}",
              log_value(entry.key.pool + "/" + entry.key.name), log_value(name_of(now.state)),
              log_value(name_of(now.reason)), log_value(name_of(before.state)),
              log_value(entry.last_check ? entry.last_check->detail : ""));
}

void log_pool(const std::string& name, const HealthBoard::Pool& pool) {
  const bool is_well = !pool.health.panic() && pool.health.quorum().value_or(true);
  spdlog::log(is_well ? spdlog::level::info : spdlog::level::warn,
              "health pool={} panic={} quorum={} serve={} could_serve={}", log_value(name),
              pool.health.panic() ? "yes" : "no",
              !pool.health.quorum()   ? "unknown"
              : *pool.health.quorum() ? "met"
                                      : "lost",
              pool.counts.serve, pool.counts.could_serve);
}

}  // namespace guideway
