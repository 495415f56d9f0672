// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/flow_hash.hh"

#include <array>

#include "dataplane/forwarding/flow_hash_lanes.hh"

namespace guideway {

#if defined(__x86_64__)
void hash_lanes_avx2(const gw_hash_key& key, FlowLanes& lanes, std::uint32_t count, std::uint8_t family) noexcept;
void hash_lanes_avx512(const gw_hash_key& key, FlowLanes& lanes, std::uint32_t count, std::uint8_t family) noexcept;
#endif

std::span<const HashVersion> hash_versions() noexcept {
  static const std::array versions {
    HashVersion{"scalar", hash_lanes<1>, true},
#if defined(__x86_64__)
        HashVersion{"avx2", hash_lanes_avx2, __builtin_cpu_supports("avx2") != 0},
        HashVersion{"avx512", hash_lanes_avx512, __builtin_cpu_supports("avx512f") != 0},
#endif
  };
  return versions;
}

HashLanes best_hash() noexcept {
  HashLanes best = nullptr;
  for (const HashVersion& version : hash_versions())
    if (version.is_supported) best = version.hash;
  return best;
}

}  // namespace guideway
