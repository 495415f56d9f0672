// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/flow_table.hh"

#include <bit>

#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

constexpr std::uint32_t tick_mask = (1U << 28U) - 1;
// Deadlines lie less than half the tick range ahead, so what looks further ahead is past.
constexpr std::uint32_t ticks_ahead_max = 1U << 27U;
constexpr std::uint16_t filter_saturated = 0xffff;
static_assert(GW_IDLE_TIMEOUT_SECONDS_MAX * GW_TICKS_PER_SECOND < ticks_ahead_max / 2);

// A free entry has hash 0, so the one real hash that is 0 is stored as 1.
constexpr std::uint64_t stored_hash(std::uint64_t hash) noexcept { return hash == 0 ? 1 : hash; }

// `low_bits`: gw_flow_state and GW_FLOW_WANDERS.
std::uint32_t deadline_word(std::uint32_t low_bits, std::uint32_t now_ticks, std::uint32_t timeout_ticks) noexcept {
  return ((now_ticks + timeout_ticks + gw_flow_slack_ticks(timeout_ticks)) & tick_mask) << 4U | low_bits;
}

// What is left of bucket and candidate when a place is sought.
struct Place {
  gw_flow_entry* entry = nullptr;
  bool displaces = false;
};

Place find_place(gw_flow_bucket& bucket, std::uint64_t hash, std::uint32_t now_ticks) noexcept {
  Place oldest_on_probation;
  std::uint32_t least_remaining = 0xffffffffU;
  for (std::uint32_t i = 0; i < GW_FLOWS_PER_BUCKET; ++i) {
    gw_flow_entry& entry = bucket.entries[gw_flow_place(hash, i)];
    if (entry.hash == 0) return {&entry, false};
    const std::uint32_t remaining = FlowTable::remaining_ticks(entry, now_ticks);
    if (remaining == 0) return {&entry, false};
    if (FlowTable::state_of(entry) == GW_FLOW_PROBATION && remaining < least_remaining) {
      least_remaining = remaining;
      oldest_on_probation = {&entry, true};
    }
  }
  return oldest_on_probation;
}

constexpr std::uint32_t half_bucket = GW_FLOWS_PER_BUCKET / 2;

// The entry of that hash in one cache line. All are compared: where an entry lies is chance, and a branch that guesses
// it wrongly costs more.
gw_flow_entry* find_in_half(gw_flow_entry* entries, std::uint64_t wanted) noexcept {
  std::uint32_t matches = 0;
  for (std::uint32_t i = 0; i < half_bucket; ++i) matches |= static_cast<std::uint32_t>(entries[i].hash == wanted) << i;
  return matches == 0 ? nullptr : &entries[std::countr_zero(matches)];
}

// The hash goes first and comes last: who finds it before and after reading the rest has read one entry.
void write_entry(gw_flow_entry& entry, const gw_flow_entry& next) noexcept {
  __atomic_store_n(&entry.hash, 0, __ATOMIC_RELAXED);
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

std::uint32_t FlowTable::remaining_ticks(const gw_flow_entry& entry, std::uint32_t now_ticks) noexcept {
  const std::uint32_t ahead = ((entry.deadline >> 4U) - now_ticks) & tick_mask;
  return ahead < ticks_ahead_max ? ahead : 0;
}

gw_flow_entry* FlowTable::find(std::uint64_t hash, std::uint32_t now_ticks) noexcept {
  gw_flow_bucket& bucket = bucket_of(hash);
  gw_flow_entry* entry = find_in_half(&bucket.entries[gw_flow_place(hash, 0)], stored_hash(hash));
  if (entry == nullptr) entry = find_in_half(&bucket.entries[gw_flow_place(hash, half_bucket)], stored_hash(hash));
  if (entry == nullptr || remaining_ticks(*entry, now_ticks) != 0) return entry;
  forget(*entry);
  return nullptr;
}

const gw_flow_entry* FlowTable::peek(std::uint64_t hash) const noexcept {
  for (const gw_flow_entry& entry : bucket_of(hash).entries)
    if (entry.hash == stored_hash(hash)) return &entry;
  return nullptr;
}

std::optional<gw_flow_entry> FlowTable::look_from_afar(std::uint64_t hash, std::uint32_t now_ticks) const noexcept {
  for (const gw_flow_entry& entry : bucket_of(hash).entries) {
    if (__atomic_load_n(&entry.hash, __ATOMIC_ACQUIRE) != stored_hash(hash)) continue;
    const gw_flow_entry seen{stored_hash(hash), __atomic_load_n(&entry.backend, __ATOMIC_ACQUIRE),
                             __atomic_load_n(&entry.deadline, __ATOMIC_ACQUIRE)};
    if (__atomic_load_n(&entry.hash, __ATOMIC_RELAXED) != seen.hash) return std::nullopt;
    if (remaining_ticks(seen, now_ticks) == 0) return std::nullopt;
    return seen;
  }
  return std::nullopt;
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
  write_entry(entry, {});
}

void FlowTable::touch(gw_flow_entry& entry, gw_flow_state state, std::uint32_t now_ticks,
                      std::uint32_t timeout_ticks) noexcept {
  const std::uint32_t low_bits = static_cast<std::uint32_t>(state) | (entry.deadline & GW_FLOW_WANDERS);
  const std::uint32_t word = deadline_word(low_bits, now_ticks, timeout_ticks);
  const std::uint32_t moved = ((word >> 4U) - (entry.deadline >> 4U)) & tick_mask;
  if (state_of(entry) == state && moved <= gw_flow_slack_ticks(timeout_ticks)) return;
  store(entry.deadline, word);
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
