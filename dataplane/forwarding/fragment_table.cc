// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/fragment_table.hh"

#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

constexpr std::uint32_t bucket_count = GW_FRAGMENTS_REMEMBERED_MAX / GW_FRAGMENTS_PER_BUCKET;
static_assert((bucket_count & (bucket_count - 1)) == 0);

// A free entry has key 0, so the one real key that is 0 is stored as 1.
constexpr std::uint64_t stored_key(std::uint64_t key) noexcept { return key == 0 ? 1 : key; }

std::uint32_t remaining_ticks(const gw_fragment_entry& entry, std::uint32_t now_ticks) noexcept {
  const std::uint32_t ahead = entry.deadline_tick - now_ticks;
  return entry.key != 0 && ahead <= GW_FRAGMENT_TICKS ? ahead : 0;
}

}  // namespace

Result<FragmentTable> FragmentTable::create() {
  auto memory = Mapping::anonymous(bucket_count * sizeof(gw_fragment_bucket));
  if (!memory) return failure_of(memory);
  return FragmentTable(std::move(*memory));
}

gw_fragment_bucket& FragmentTable::bucket_of(std::uint64_t key) const noexcept {
  return reinterpret_cast<gw_fragment_bucket*>(memory_.data())[static_cast<std::uint32_t>(key) & (bucket_count - 1)];
}

const gw_fragment_entry* FragmentTable::find(std::uint64_t key, std::uint32_t now_ticks) const noexcept {
  for (const gw_fragment_entry& entry : bucket_of(key).entries)
    if (entry.key == stored_key(key) && remaining_ticks(entry, now_ticks) != 0) return &entry;
  return nullptr;
}

void FragmentTable::learn(std::uint64_t key, gw_fragment_entry entry, std::uint32_t now_ticks) noexcept {
  gw_fragment_entry* place = nullptr;
  for (gw_fragment_entry& candidate : bucket_of(key).entries) {
    if (candidate.key == stored_key(key)) {
      place = &candidate;
      break;
    }
    if (place == nullptr || remaining_ticks(candidate, now_ticks) < remaining_ticks(*place, now_ticks))
      place = &candidate;
  }
  entry.key = stored_key(key);
  entry.deadline_tick = now_ticks + GW_FRAGMENT_TICKS;
  *place = entry;
}

}  // namespace guideway
