// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/fragment_hold.hh"

#include <algorithm>
#include <cstring>

namespace guideway {

FragmentHold::FragmentHold() {
  held_.reserve(GW_FRAGMENTS_HELD_MAX);
  // What was released is taken before the next burst, which may fill and release the hold once more.
  released_.reserve(std::size_t{2} * GW_FRAGMENTS_HELD_MAX);
}

bool FragmentHold::hold(const Packet& packet, std::uint64_t key, std::uint32_t now_ticks) noexcept {
  if (held_.size() == GW_FRAGMENTS_HELD_MAX || released_.size() + held_.size() >= released_.capacity()) return false;
  if (held_bytes_ + packet.length_bytes > GW_FRAGMENTS_HELD_BYTES_MAX) return false;
  const auto of_its_source = std::count_if(held_.begin(), held_.end(), [&packet](const Held& other) {
    return other.packet.flow.family == packet.flow.family &&
           std::memcmp(other.packet.flow.source, packet.flow.source, sizeof packet.flow.source) == 0;
  });
  if (of_its_source >= GW_FRAGMENTS_HELD_PER_SOURCE) return false;
  held_.push_back({packet, key, now_ticks});
  held_bytes_ += packet.length_bytes;
  return true;
}

template <typename IsDue>
void FragmentHold::move_out(IsDue is_due, std::uint8_t after, const gw_fragment_entry* first) noexcept {
  auto kept = held_.begin();
  for (Held& each : held_) {
    if (!is_due(each)) {
      if (&*kept != &each) *kept = each;
      ++kept;
      continue;
    }
    held_bytes_ -= each.packet.length_bytes;
    released_.push_back({each.packet, first == nullptr ? gw_fragment_entry{} : *first, first == nullptr});
    released_.back().packet.released_after = after;
  }
  held_.erase(kept, held_.end());
}

void FragmentHold::release(std::uint64_t key, std::uint8_t after, const gw_fragment_entry& first) noexcept {
  move_out([key](const Held& each) { return each.key == key; }, after, &first);
}

void FragmentHold::expire(std::uint32_t now_ticks) noexcept {
  move_out([now_ticks](const Held& each) { return now_ticks - each.since_ticks >= GW_FRAGMENT_HOLD_TICKS; }, 0,
           nullptr);
}

void FragmentHold::give_up() noexcept {
  move_out([](const Held&) { return true; }, 0, nullptr);
}

void FragmentHold::pop() noexcept {
  if (++taken_ < released_.size()) return;
  released_.clear();
  taken_ = 0;
}

}  // namespace guideway
