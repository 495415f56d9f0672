// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/flow_table.hh"

#include <algorithm>

#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

constexpr std::uint16_t filter_saturated = 0xffff;

// Into a free entry, whose hash is 0. The next one comes last: who finds it before and after reading the rest has read
// one entry (read_whole).
void write_entry(gw_flow_entry& entry, const gw_flow_entry& next) noexcept {
  __atomic_store_n(&entry.backend, next.backend, __ATOMIC_RELEASE);
  __atomic_store_n(&entry.deadline, next.deadline, __ATOMIC_RELEASE);
  __atomic_store_n(&entry.hash, next.hash, __ATOMIC_RELEASE);
}

}  // namespace

Result<FlowTable> FlowTable::create(std::uint32_t flows_max, std::span<gw_backend_counters> backends,
                                    Wanderers& wanderers) {
  const std::uint32_t bucket_count = gw_flow_bucket_count(flows_max);
  auto memory = Mapping::anonymous(GW_FLOW_FILTER_CELLS * sizeof(std::uint16_t) +
                                   std::size_t{bucket_count} * sizeof(gw_flow_bucket));
  if (!memory) return failure_of(memory);
  return FlowTable(std::move(*memory), bucket_count, backends, wanderers);
}

gw_flow_entry* FlowTable::find(std::uint64_t hash, std::uint32_t now_ticks) noexcept {
  Sought sought = seek<0>(hash);
  if (!sought.is_there) sought = seek<1>(hash);
  if (!sought.is_there) return nullptr;
  if (remaining_ticks(*sought.entry, now_ticks) != 0) return sought.entry;
  forget(*sought.entry);
  return nullptr;
}

const gw_flow_entry* FlowTable::peek(std::uint64_t hash) const noexcept {
  for (const gw_flow_entry& entry : bucket_of(hash).entries)
    if (entry.hash == stored_hash(hash)) return &entry;
  return nullptr;
}

std::optional<gw_flow_entry> FlowTable::look_from_afar(std::uint64_t hash, std::uint32_t now_ticks) const noexcept {
  for (const gw_flow_entry& entry : bucket_of(hash).entries) {
    if (load(entry.hash) != stored_hash(hash)) continue;
    gw_flow_entry seen;
    if (!read_whole(entry, seen) || seen.hash != stored_hash(hash)) return std::nullopt;
    if (remaining_ticks(seen, now_ticks) == 0) return std::nullopt;
    return seen;
  }
  return std::nullopt;
}

bool FlowTable::read_whole(const gw_flow_entry& entry, gw_flow_entry& to) noexcept {
  to.hash = __atomic_load_n(&entry.hash, __ATOMIC_ACQUIRE);
  to.backend = __atomic_load_n(&entry.backend, __ATOMIC_ACQUIRE);
  to.deadline = __atomic_load_n(&entry.deadline, __ATOMIC_ACQUIRE);
  return to.hash != 0 && load(entry.hash) == to.hash;
}

// The first that is free or expired, else the one on probation that would end first. Each entry is given a rank and the
// least is taken, without a branch: in a full table what comes next is chance.
FlowTable::Place FlowTable::find_place(gw_flow_bucket& bucket, std::uint64_t hash, std::uint32_t now_ticks) noexcept {
  constexpr std::uint32_t not_to_be_had = 0xffffffffU;
  static_assert(ticks_ahead_max <= not_to_be_had / GW_FLOWS_PER_BUCKET);
  static_assert(GW_FLOW_PROBATION == 0);
  const std::uint32_t first = gw_flow_place(hash, 0);
  std::uint32_t least = not_to_be_had;
  for (std::uint32_t i = 0; i < GW_FLOWS_PER_BUCKET; ++i) {
    const gw_flow_entry& entry = bucket.entries[i];
    const auto is_held = static_cast<std::uint32_t>(entry.hash != 0);
    const std::uint32_t remaining = remaining_ticks(entry, now_ticks) & (0 - is_held);
    const auto is_live = static_cast<std::uint32_t>(remaining != 0) &
                         static_cast<std::uint32_t>((entry.deadline & GW_FLOW_STATE_MASK) != 0);
    const std::uint32_t rank = (remaining * GW_FLOWS_PER_BUCKET + (i ^ first)) | (0 - is_live);
    least = std::min(least, rank);
  }
  if (least == not_to_be_had) return {};
  return {&bucket.entries[least % GW_FLOWS_PER_BUCKET ^ first], least >= GW_FLOWS_PER_BUCKET};
}

Remembered FlowTable::insert(std::uint64_t hash, std::uint32_t backend, std::uint8_t backend_generation,
                             gw_flow_state state, std::uint32_t now_ticks, std::uint32_t timeout_ticks,
                             bool wanders) noexcept {
  const Place place = find_place(bucket_of(hash), hash, now_ticks);
  if (place.entry == nullptr) return Remembered::refused;
  if (place.entry->hash != 0) forget(*place.entry);
  const std::uint32_t low_bits = static_cast<std::uint32_t>(state) | (wanders ? GW_FLOW_WANDERS : 0);
  write_entry(*place.entry, {stored_hash(hash), backend << 8U | backend_generation,
                             deadline_word(low_bits, now_ticks, timeout_ticks)});
  // Behind the entry: who is told that there may be one finds it.
  if (wanders) wanderers_->add(hash);
  std::uint16_t& held_here = filter()[gw_flow_filter_cell(hash)];
  if (held_here != filter_saturated) store(held_here, static_cast<std::uint16_t>(held_here + 1));
  store(held_, held_ + 1);
  if (backend < backends_.size()) {
    __u64& gauge = backends_[backend].remembered;
    __atomic_store_n(&gauge, gauge + 1, __ATOMIC_RELAXED);
  }
  return place.displaces ? Remembered::displaced_another : Remembered::inserted;
}

void FlowTable::forget(gw_flow_entry& entry) noexcept {
  // A counter that was ever full no longer knows its number: it stays, and only costs look-ups.
  std::uint16_t& held_here = filter()[gw_flow_filter_cell(entry.hash)];
  if (held_here != filter_saturated) store(held_here, static_cast<std::uint16_t>(held_here - 1));
  store(held_, held_ - 1);
  const std::uint32_t backend = backend_of(entry);
  if (backend < backends_.size()) {
    __u64& gauge = backends_[backend].remembered;
    __atomic_store_n(&gauge, gauge - 1, __ATOMIC_RELAXED);
  }
  if ((entry.deadline & GW_FLOW_WANDERS) != 0) wanderers_->remove(entry.hash);
  // Only the hash: a flow that expired and comes again takes this place at once, and who reads the entry meanwhile
  // finds one hash before and after. What lies between then is its old backend or its new one, never none.
  store(entry.hash, __u64{0});
}

std::uint32_t FlowTable::sweep(std::uint32_t bucket_count, std::uint32_t now_ticks) noexcept {
  if (held_ == 0) return 0;
  std::uint32_t expired = 0;
  for (std::uint32_t i = 0; i < bucket_count; ++i) {
    sweep_cursor_ = sweep_cursor_ + 1 < bucket_count_ ? sweep_cursor_ + 1 : 0;
    for (gw_flow_entry& entry : buckets()[sweep_cursor_].entries) {
      if (entry.hash == 0 || remaining_ticks(entry, now_ticks) != 0) continue;
      forget(entry);
      ++expired;
    }
  }
  return expired;
}

}  // namespace guideway
