// SPDX-License-Identifier: Apache-2.0
// Every change of health as a line of the log; the one place that whoever else wants to hear of them joins.
#pragma once

#include <string>

#include "controlplane/daemon/health_board.hh"

namespace guideway {

void log_health(const HealthBoard::Entry& entry, const HealthState& before);
void log_pool(const std::string& name, const HealthBoard::Pool& pool);

}  // namespace guideway
