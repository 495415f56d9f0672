// SPDX-License-Identifier: Apache-2.0
// What one worker remembers: the backends of flows that are exceptions (and all flows of services that follow every
// flow). Bounded, allocated once, one writer, no lock.
//
// Rules (ARCHITECTURE.md): a look-up touches one bucket of two cache lines, nearly always only the half that a bit of
// the hash prefers. A new entry is on probation until a second
// packet comes, and may only take the place of another on probation or of one that has expired: a flood never evicts
// a live flow. The filter counts the entries under 17 bits of the hash, exactly, so that a zero there means that
// nothing is remembered and the bucket need not be read. Other workers may look (for what a NIC cannot give to the
// worker of its flow: fragments, ICMP errors), so whatever they read is stored whole and in an order that shows a torn
// entry.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/base/mapping.hh"
#include "dataplane/base/result.hh"
#include "dataplane/forwarding/wanderers.hh"
#include "ebpf/abi/counters.h"
#include "ebpf/abi/flow.h"
#include "ebpf/abi/limits.h"

namespace guideway {

// What became of a wish to remember.
enum class Remembered { inserted, displaced_another, refused };

class FlowTable {
 public:
  // Room for `flows_max` entries, rounded up to whole buckets. `backends` are the worker's counters, by
  // backend index: their `remembered` gauges follow the entries, so that a drain knows what is left.
  // `wanderers`, which outlives the table, counts those of flows that wander.
  [[nodiscard]] static Result<FlowTable> create(std::uint32_t flows_max, std::span<gw_backend_counters> backends,
                                                Wanderers& wanderers);

  // False: nothing is remembered under this hash, certainly. True: ask find().
  [[nodiscard]] bool may_hold(std::uint64_t hash) const noexcept {
    return load(held_) != 0 && load(filter()[gw_flow_filter_cell(hash)]) != 0;
  }
  // Both lines: one flow in twenty lies in the other half, whoever is not remembered is sought in both, and a line that
  // nobody sent for costs more than all that were sent for in vain. Unless `is_wanted`, which is a matter of chance and
  // not to be guessed: then something that is sent for anyway.
  void prefetch(std::uint64_t hash, bool is_wanted, const void* otherwise) const noexcept {
    const gw_flow_entry* entries = bucket_of(hash).entries;
    __builtin_prefetch(is_wanted ? entries : otherwise);
    __builtin_prefetch(is_wanted ? entries + GW_FLOWS_PER_BUCKET / 2 : otherwise);
  }
  // Packets of one bucket may disturb each other, those of two may not.
  [[nodiscard]] std::uint32_t bucket_number(std::uint64_t hash) const noexcept {
    return gw_flow_bucket_index(hash, bucket_count_);
  }
  // The entry of that hash in one half of its bucket, 0 being the one that it prefers. It may have expired. All entries
  // are compared, and who asks for many packets need not branch: where an entry lies is chance, and a branch that
  // guesses it wrongly costs more.
  struct Sought {
    gw_flow_entry* entry;  // means nothing unless `is_there`
    bool is_there;
  };
  template <std::uint32_t half>
  [[nodiscard]] Sought seek(std::uint64_t hash) const noexcept {
    constexpr std::uint32_t entries_max = GW_FLOWS_PER_BUCKET / 2;
    gw_flow_entry* entries = &bucket_of(hash).entries[gw_flow_place(hash, half * entries_max)];
    std::uint32_t matches = 0;
    for (std::uint32_t i = 0; i < entries_max; ++i)
      matches |= static_cast<std::uint32_t>(entries[i].hash == stored_hash(hash)) << i;
    return {&entries[std::countr_zero(matches | 1U << (entries_max - 1))], matches != 0};
  }

  // The live entry of that hash, or null. An entry found past its deadline is forgotten on the way.
  [[nodiscard]] gw_flow_entry* find(std::uint64_t hash, std::uint32_t now_ticks) noexcept;

  // As find(), for onlookers: changes nothing, and gives an expired entry too. Only by the table's own worker.
  [[nodiscard]] const gw_flow_entry* peek(std::uint64_t hash) const noexcept;

  // For other workers, while the table's own writes: the live entry of that hash, if there is one that stays whole
  // while it is read. Changes nothing.
  [[nodiscard]] std::optional<gw_flow_entry> look_from_afar(std::uint64_t hash, std::uint32_t now_ticks) const noexcept;

  // As well: an entry as it lies there, false if it is free or changes while it is read. (One that is left and taken by
  // the same flow again between two loads cannot be told; only if another was there in between it is not that flow's.)
  [[nodiscard]] static bool read_whole(const gw_flow_entry& entry, gw_flow_entry& to) noexcept;

  // Remembers a flow that find() did not, with deadline and state as given.
  Remembered insert(std::uint64_t hash, std::uint32_t backend, std::uint8_t backend_generation, gw_flow_state state,
                    std::uint32_t now_ticks, std::uint32_t timeout_ticks, bool wanders = false) noexcept;
  void forget(gw_flow_entry& entry) noexcept;
  // Moves the deadline, unless it is late enough already: an entry is never forgotten before its timeout, and written
  // at most twice a second.
  static void touch(gw_flow_entry& entry, gw_flow_state state, std::uint32_t now_ticks,
                    std::uint32_t timeout_ticks) noexcept {
    const std::uint32_t low_bits = static_cast<std::uint32_t>(state) | (entry.deadline & GW_FLOW_WANDERS);
    const std::uint32_t word = deadline_word(low_bits, now_ticks, timeout_ticks);
    const std::uint32_t moved = ((word >> 4U) - (entry.deadline >> 4U)) & tick_mask;
    if (state_of(entry) == state && moved <= gw_flow_slack_ticks(timeout_ticks)) return;
    store(entry.deadline, word);
  }

  // Forgets what has expired in the next `bucket_count` buckets of an endless round; returns how many entries.
  std::uint32_t sweep(std::uint32_t bucket_count, std::uint32_t now_ticks) noexcept;

  [[nodiscard]] std::uint32_t held() const noexcept { return load(held_); }
  [[nodiscard]] std::uint32_t bucket_count() const noexcept { return bucket_count_; }
  [[nodiscard]] std::span<const gw_flow_bucket> all() const noexcept { return {buckets(), bucket_count()}; }
  // How many entries the filter believes to hold under the hash's bits; for tests of its exactness.
  [[nodiscard]] std::uint16_t filter_count(std::uint64_t hash) const noexcept {
    return filter()[gw_flow_filter_cell(hash)];
  }

  [[nodiscard]] static std::uint32_t backend_of(const gw_flow_entry& entry) noexcept { return entry.backend >> 8U; }
  [[nodiscard]] static std::uint8_t generation_of(const gw_flow_entry& entry) noexcept {
    return static_cast<std::uint8_t>(entry.backend);
  }
  [[nodiscard]] static gw_flow_state state_of(const gw_flow_entry& entry) noexcept {
    return static_cast<gw_flow_state>(entry.deadline & GW_FLOW_STATE_MASK);
  }
  // Ticks until the entry is forgotten; 0 if that is past.
  [[nodiscard]] static std::uint32_t remaining_ticks(const gw_flow_entry& entry, std::uint32_t now_ticks) noexcept {
    const std::uint32_t ahead = ((entry.deadline >> 4U) - now_ticks) & tick_mask;
    return ahead & ((ahead >> 27U & 1U) - 1);  // without a branch: whether an entry has expired may be chance
  }

 private:
  FlowTable(Mapping memory, std::uint32_t bucket_count, std::span<gw_backend_counters> backends,
            Wanderers& wanderers) noexcept
      : memory_(std::move(memory)), backends_(backends), wanderers_(&wanderers), bucket_count_(bucket_count) {}

  static constexpr std::uint32_t tick_mask = (1U << 28U) - 1;
  // Deadlines lie less than half the tick range ahead, so what looks further ahead is past.
  static constexpr std::uint32_t ticks_ahead_max = 1U << 27U;  // remaining_ticks() looks at that bit
  static_assert(GW_IDLE_TIMEOUT_SECONDS_MAX * GW_TICKS_PER_SECOND < ticks_ahead_max / 2);
  // `low_bits`: gw_flow_state and GW_FLOW_WANDERS.
  [[nodiscard]] static std::uint32_t deadline_word(std::uint32_t low_bits, std::uint32_t now_ticks,
                                                   std::uint32_t timeout_ticks) noexcept {
    return ((now_ticks + timeout_ticks + gw_flow_slack_ticks(timeout_ticks)) & tick_mask) << 4U | low_bits;
  }

  // A free entry has hash 0, so the one real hash that is 0 is stored as 1.
  [[nodiscard]] static constexpr std::uint64_t stored_hash(std::uint64_t hash) noexcept { return hash == 0 ? 1 : hash; }

  // What is left of bucket and candidate when a place is sought.
  struct Place {
    gw_flow_entry* entry = nullptr;
    bool displaces = false;
  };
  [[nodiscard]] static Place find_place(gw_flow_bucket& bucket, std::uint64_t hash, std::uint32_t now_ticks) noexcept;

  // One writer, and readers on other cores that must not see half a number.
  template <typename T>
  [[nodiscard]] static T load(const T& value) noexcept {
    return __atomic_load_n(&value, __ATOMIC_RELAXED);
  }
  template <typename T>
  static void store(T& value, T next) noexcept {
    __atomic_store_n(&value, next, __ATOMIC_RELAXED);
  }

  [[nodiscard]] std::uint16_t* filter() const noexcept { return reinterpret_cast<std::uint16_t*>(memory_.data()); }
  [[nodiscard]] gw_flow_bucket* buckets() const noexcept {
    return reinterpret_cast<gw_flow_bucket*>(memory_.data() + GW_FLOW_FILTER_CELLS * sizeof(std::uint16_t));
  }
  [[nodiscard]] gw_flow_bucket& bucket_of(std::uint64_t hash) const noexcept {
    return buckets()[gw_flow_bucket_index(hash, bucket_count_)];
  }

  Mapping memory_;
  std::span<gw_backend_counters> backends_;
  Wanderers* wanderers_;
  std::uint32_t bucket_count_;
  std::uint32_t held_ = 0;
  std::uint32_t sweep_cursor_ = 0;
};

}  // namespace guideway
