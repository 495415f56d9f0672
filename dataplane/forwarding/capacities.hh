// SPDX-License-Identifier: Apache-2.0
// What a datapath was started with room for; indexes in a snapshot must lie below these.
#pragma once

#include <cstdint>

namespace guideway {

struct Capacities {
  std::uint32_t services_max = 16384;
  std::uint32_t backends_max = 131072;
  std::uint32_t flows_max = 1048576;  // remembered flows a worker
};

}  // namespace guideway
