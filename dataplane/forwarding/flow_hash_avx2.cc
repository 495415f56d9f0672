// SPDX-License-Identifier: Apache-2.0
// Compiled with -mavx2, and called only where the processor has it. Nothing but this may be instantiated here: an
// inline function that the linker took from this file would run everywhere.
#include "dataplane/forwarding/flow_hash_lanes.hh"

namespace guideway {

void hash_lanes_avx2(const gw_hash_key& key, FlowLanes& lanes, std::uint32_t count, std::uint8_t family) noexcept {
  hash_lanes<4>(key, lanes, count, family);
}

}  // namespace guideway
