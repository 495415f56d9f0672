// SPDX-License-Identifier: Apache-2.0
// So little room that an index can lie outside.
#pragma once

#include "dataplane/forwarding/capacities.hh"

namespace guideway {

inline constexpr Capacities small_capacities{.services_max = 16, .backends_max = 64, .flows_max = 64};

}  // namespace guideway
