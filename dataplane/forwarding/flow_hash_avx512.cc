// SPDX-License-Identifier: Apache-2.0
// Compiled with -mavx512f, which has a rotate of its own, and called only where the processor has it. As in
// flow_hash_avx2.cc nothing else may be instantiated here.
#include "dataplane/forwarding/flow_hash_lanes.hh"

namespace guideway {

void hash_lanes_avx512(const gw_hash_key& key, FlowLanes& lanes, std::uint32_t count, std::uint8_t family) noexcept {
  hash_lanes<8>(key, lanes, count, family);
}

}  // namespace guideway
