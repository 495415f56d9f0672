// SPDX-License-Identifier: Apache-2.0
// What one worker remembers of first fragments, so that later ones follow: bounded, allocated once, one writer.
// A bucket is two cache lines; where it is full, the entry that would end first makes room.
#pragma once

#include <cstdint>

#include "dataplane/base/mapping.hh"
#include "dataplane/base/result.hh"
#include "ebpf/abi/fragment.h"

namespace guideway {

class FragmentTable {
 public:
  [[nodiscard]] static Result<FragmentTable> create();

  // The entry of that fragment key, or null if there is none or its time is over.
  [[nodiscard]] const gw_fragment_entry* find(std::uint64_t key, std::uint32_t now_ticks) const noexcept;
  // Remembers a first fragment for GW_FRAGMENT_TICKS, in the place of a former one of that key. `entry.key` and
  // `entry.deadline_tick` are set here.
  void learn(std::uint64_t key, gw_fragment_entry entry, std::uint32_t now_ticks) noexcept;

 private:
  explicit FragmentTable(Mapping memory) noexcept : memory_(std::move(memory)) {}
  [[nodiscard]] gw_fragment_bucket& bucket_of(std::uint64_t key) const noexcept;
  Mapping memory_;
};

}  // namespace guideway
