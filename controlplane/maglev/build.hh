// SPDX-License-Identifier: Apache-2.0
// The Maglev population (Eisenbud et al., NSDI 2016, section 3.4) with weights: the only builder of tables.
// Pure: the same members give the same table on every box. docs/packet-path.md, "Tables", says exactly what it does.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace guideway {

struct MaglevMember {
  std::string_view name;     // decides offset, skip and the order of turns; names differ from each other
  std::uint32_t weight = 1;  // 0: no slots
};

// Start and step of a member's permutation of the slots.
struct MaglevPermutation {
  std::uint32_t offset = 0;
  std::uint32_t skip = 1;
};
[[nodiscard]] MaglevPermutation maglev_permutation(std::string_view name, std::uint32_t slot_count) noexcept;

// For every slot the position in `members` of the one that owns it; no_member everywhere if the weights add up to 0.
// `slot_count` must be a prime and at least the number of members. Slots differ from the exact proportion by less
// than one for every member.
inline constexpr std::uint32_t no_member = 0xffffffffU;
[[nodiscard]] std::vector<std::uint32_t> build_maglev(std::span<const MaglevMember> members, std::uint32_t slot_count);

// The turns alone, over given permutations and in the order given (the paper's own example is stated this way).
[[nodiscard]] std::vector<std::uint32_t> populate_maglev(std::span<const MaglevPermutation> permutations,
                                                         std::span<const std::uint32_t> weights,
                                                         std::uint32_t slot_count);

}  // namespace guideway
