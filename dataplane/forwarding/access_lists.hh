// SPDX-License-Identifier: Apache-2.0
// Who may use a service: lists of prefixes, each allowed or denied; the longest that holds a source decides. Built once
// per snapshot as disjoint ranges of addresses, so that one binary search answers whatever the number of prefixes.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "ebpf/abi/flow_key.h"
#include "ebpf/abi/snapshot.h"

namespace guideway {

class AccessLists {
 public:
  AccessLists() = default;
  // Each prefix of a list once; host bits zero.
  explicit AccessLists(std::span<const gw_access_prefix> prefixes);

  // Whether the list lets the source of a flow in; `denies_by_default` is for sources that no prefix holds.
  [[nodiscard]] bool allows(std::uint32_t list, const gw_flow_key& flow, bool denies_by_default) const noexcept;

 private:
  // An address as a number, so that ranges can be compared: IPv4 in the low 32 bits.
  __extension__ using Number = unsigned __int128;
  enum class Verdict : std::uint8_t { denied, allowed, by_default };
  struct Range {
    Number first;  // up to the first of the next range
    Verdict verdict;
  };
  // The ranges of a list and a family, from 0 on, in order.
  using Ranges = std::vector<Range>;

  [[nodiscard]] static Number number_of(const std::uint8_t* address, std::uint8_t family) noexcept;
  [[nodiscard]] static std::uint64_t place_of(std::uint32_t list, std::uint8_t family) noexcept {
    return std::uint64_t{list} << 8U | family;
  }
  [[nodiscard]] static Ranges flatten(std::vector<gw_access_prefix> prefixes, std::uint8_t family);

  std::unordered_map<std::uint64_t, Ranges> ranges_;
};

}  // namespace guideway
