// SPDX-License-Identifier: Apache-2.0
// The keyed hash of up to 32 flows at once: SipHash has a long chain of dependent steps, so a core that runs one of
// them mostly waits, and one that runs several in the lanes of a vector does not. The same numbers as gw_hash_flow(),
// which remains the definition; which instructions are used is decided once, by what the processor has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ebpf/abi/flow_key.h"

namespace guideway {

inline constexpr std::uint32_t flows_hashed_max = 32;

// Flows of one family, a word of all of them side by side (ebpf/abi/flow_key.h tells the words), and their hashes.
// Lanes that hold no flow are hashed too, so all of it must be initialised; what comes out there means nothing.
struct FlowLanes {
  // Plain arrays: what std::array would bring in as inline functions must not be compiled for one processor only.
  alignas(64) std::uint64_t words[4][flows_hashed_max] = {};  // IPv4 has only the first
  alignas(64) std::uint64_t tails[flows_hashed_max] = {};
  alignas(64) std::uint64_t hashes[flows_hashed_max] = {};
};

// Puts a flow into a lane.
inline void put_flow(FlowLanes& lanes, std::uint32_t lane, const gw_flow_key& flow) noexcept {
  if (flow.family == GW_FAMILY_IPV4) {
    std::uint32_t source = 0;
    std::uint32_t destination = 0;
    __builtin_memcpy(&source, flow.source, sizeof source);
    __builtin_memcpy(&destination, flow.destination, sizeof destination);
    lanes.words[0][lane] = source | std::uint64_t{destination} << 32U;
  } else {
    for (std::size_t word = 0; word < 2; ++word) {
      __builtin_memcpy(&lanes.words[word][lane], flow.source + 8 * word, 8);
      __builtin_memcpy(&lanes.words[word + 2][lane], flow.destination + 8 * word, 8);
    }
  }
  lanes.tails[lane] = gw_flow_tail(flow.source_port_be16, flow.destination_port_be16, flow.protocol, flow.family);
}

// Hashes the first `count` lanes, all of that family.
using HashLanes = void (*)(const gw_hash_key& key, FlowLanes& lanes, std::uint32_t count, std::uint8_t family) noexcept;

struct HashVersion {
  std::string_view name;  // "scalar", "avx2", "avx512"
  HashLanes hash;
  bool is_supported;  // by this processor
};
// All that were compiled, the best last.
[[nodiscard]] std::span<const HashVersion> hash_versions() noexcept;
// The best that this processor has.
[[nodiscard]] HashLanes best_hash() noexcept;

}  // namespace guideway
