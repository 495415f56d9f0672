// SPDX-License-Identifier: Apache-2.0
#include "controlplane/maglev/build.hh"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <utility>

#include "ebpf/abi/siphash.h"

namespace guideway {
namespace {

// Fixed keys: tables must agree between boxes, and names are the operator's, so nothing here needs to be secret.
constexpr char offset_key[] = "guideway-offset";  // 16 bytes with its end
constexpr char skip_key[] = "guideway-skip\0\0";  // likewise
static_assert(sizeof offset_key == 16 && sizeof skip_key == 16);

std::uint64_t hash_name(const char (&key_bytes)[16], std::string_view name) noexcept {
  gw_hash_key key;
  std::memcpy(&key, key_bytes, sizeof key);
  std::vector<__u64> words(name.size() / 8 + 1, 0);  // the last one is the tail
  if (!name.empty()) std::memcpy(words.data(), name.data(), name.size());
  const __u64 tail = words.back();
  words.pop_back();
  return gw_siphash13(&key, words.data(), static_cast<unsigned>(words.size()), tail,
                      static_cast<unsigned>(name.size()));
}

// Exact proportion, rounded by largest remainder; ties go to the first.
std::vector<std::uint32_t> quotas_of(std::span<const std::uint32_t> weights, std::uint32_t slot_count) {
  const std::uint64_t total = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  std::vector<std::uint32_t> quotas(weights.size());
  std::vector<std::uint64_t> remainders(weights.size());
  std::uint32_t left = slot_count;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::uint64_t product = std::uint64_t{slot_count} * weights[i];
    quotas[i] = static_cast<std::uint32_t>(product / total);
    remainders[i] = product % total;
    left -= quotas[i];
  }
  std::vector<std::uint32_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return remainders[a] > remainders[b]; });
  for (std::uint32_t i = 0; i < left; ++i) ++quotas[order[i]];
  return quotas;
}

// One member's walk along its permutation. Steps are added and the modulus subtracted: no product to overflow.
struct Turn {
  std::uint32_t next_slot;
  std::uint32_t skip;
  std::uint32_t weight;
  std::uint32_t quota;
  std::uint64_t credit = 0;
  std::uint32_t skip_inverse = 0;  // modulo the number of slots; 0: not asked for yet
};

// Of products below 2^53, in doubles: a division of integers takes several times as long.
class Modulus {
 public:
  explicit Modulus(std::uint32_t value) : value_(value), reciprocal_(1.0 / value) {}

  [[nodiscard]] std::uint32_t of(std::uint64_t number) const {
    auto remainder = static_cast<std::int64_t>(number) -
                     static_cast<std::int64_t>(static_cast<double>(number) * reciprocal_) * value_;
    if (remainder < 0) remainder += value_;
    if (remainder >= value_) remainder -= value_;
    return static_cast<std::uint32_t>(remainder);
  }

  // By Euclid. `number` is not 0, and the modulus is a prime.
  [[nodiscard]] std::uint32_t inverse(std::uint32_t number) const {
    std::int64_t before = value_;
    std::int64_t now = number;
    std::int64_t factor_before = 0;
    std::int64_t factor = 1;
    while (now != 1) {
      const std::int64_t quotient = before / now;
      before = std::exchange(now, before - quotient * now);
      factor_before = std::exchange(factor, factor_before - quotient * factor);
    }
    return static_cast<std::uint32_t>(factor < 0 ? factor + value_ : factor);
  }

 private:
  std::int64_t value_;
  double reciprocal_;
};

// The last slots. To step along a permutation until one is free takes slots / free steps, which for the last hundredth
// of a table is more than for all the others; so the steps to each free slot are computed, and the fewest count.
class LastSlots {
 public:
  // From when on that is less work.
  [[nodiscard]] static std::uint32_t count_max(std::uint32_t slot_count) {
    return static_cast<std::uint32_t>(std::sqrt(slot_count) / 2);
  }

  explicit LastSlots(const std::vector<std::uint32_t>& owners)
      : slot_count_(static_cast<std::uint32_t>(owners.size())), modulus_(slot_count_) {
    for (std::uint32_t slot = 0; slot < slot_count_; ++slot) {
      if (owners[slot] == no_member) free_.push_back(slot);
    }
  }

  // The first free one of the permutation from where the turn stands; it is taken.
  std::uint32_t take(Turn& turn) {
    if (turn.skip_inverse == 0) turn.skip_inverse = modulus_.inverse(turn.skip);
    std::uint32_t fewest = slot_count_;
    std::size_t found = 0;
    for (std::size_t i = 0; i < free_.size(); ++i) {
      const std::uint32_t ahead = free_[i] + (free_[i] < turn.next_slot ? slot_count_ : 0) - turn.next_slot;
      const std::uint32_t steps = modulus_.of(std::uint64_t{ahead} * turn.skip_inverse);
      if (steps >= fewest) continue;
      fewest = steps;
      found = i;
    }
    const std::uint32_t slot = std::exchange(free_[found], free_.back());
    free_.pop_back();
    return slot;
  }

 private:
  std::uint32_t slot_count_;
  Modulus modulus_;
  std::vector<std::uint32_t> free_;
};

// Which slots are taken, a bit each: 8 KB of them stay in the first cache, 256 KB of owners do not.
class TakenSlots {
 public:
  explicit TakenSlots(std::uint32_t slot_count) : slot_count_(slot_count), words_(slot_count / 64 + 1) {}

  // The first free one of the permutation from where the turn stands; it is taken. Four are looked at before it is
  // asked whether one is free: that one is not, is what a processor guesses wrong.
  std::uint32_t take(Turn& turn) {
    std::uint32_t slot = turn.next_slot;
    for (;;) {
      const std::array<std::uint32_t, 4> slots = four_from(slot, turn.skip);
      const unsigned free =
          is_free(slots[0]) | is_free(slots[1]) << 1U | is_free(slots[2]) << 2U | is_free(slots[3]) << 3U;
      if (free != 0) {
        slot = slots[static_cast<std::size_t>(std::countr_zero(free))];
        break;
      }
      slot = stepped(slots[3], turn.skip);
    }
    words_[slot / 64] |= std::uint64_t{1} << slot % 64;
    return slot;
  }

 private:
  [[nodiscard]] std::uint32_t stepped(std::uint32_t slot, std::uint32_t skip) const {
    const std::uint32_t next = slot + skip;
    return std::min(next, next - slot_count_);  // below 0 it is a large number
  }
  [[nodiscard]] std::array<std::uint32_t, 4> four_from(std::uint32_t slot, std::uint32_t skip) const {
    std::array<std::uint32_t, 4> slots{slot};
    for (std::size_t i = 1; i < slots.size(); ++i) slots[i] = stepped(slots[i - 1], skip);
    return slots;
  }
  [[nodiscard]] unsigned is_free(std::uint32_t slot) const {
    return static_cast<unsigned>(~words_[slot / 64] >> slot % 64 & 1U);
  }

  std::uint32_t slot_count_;
  std::vector<std::uint64_t> words_;
};

}  // namespace

MaglevPermutation maglev_permutation(std::string_view name, std::uint32_t slot_count) noexcept {
  return {static_cast<std::uint32_t>(hash_name(offset_key, name) % slot_count),
          static_cast<std::uint32_t>(hash_name(skip_key, name) % (slot_count - 1)) + 1};
}

std::vector<std::uint32_t> populate_maglev(std::span<const MaglevPermutation> permutations,
                                           std::span<const std::uint32_t> weights, std::uint32_t slot_count) {
  std::vector<std::uint32_t> owners(slot_count, no_member);
  const std::uint32_t weight_max = weights.empty() ? 0 : *std::max_element(weights.begin(), weights.end());
  if (weight_max == 0) return owners;

  const std::vector<std::uint32_t> quotas = quotas_of(weights, slot_count);
  std::vector<Turn> turns;
  turns.reserve(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i)
    turns.push_back({permutations[i].offset, permutations[i].skip, weights[i], quotas[i]});

  TakenSlots taken(slot_count);
  std::optional<LastSlots> last_slots;
  for (std::uint32_t left = slot_count; left != 0;) {
    for (std::uint32_t i = 0; i < turns.size(); ++i) {
      Turn& turn = turns[i];
      if (turn.quota == 0) continue;
      turn.credit += turn.weight;
      if (turn.credit < weight_max) continue;
      turn.credit -= weight_max;
      if (!last_slots && left <= LastSlots::count_max(slot_count)) last_slots.emplace(owners);
      turn.next_slot = last_slots ? last_slots->take(turn) : taken.take(turn);
      owners[turn.next_slot] = i;
      --turn.quota;
      --left;
    }
  }
  return owners;
}

std::vector<std::uint32_t> build_maglev(std::span<const MaglevMember> members, std::uint32_t slot_count) {
  // Position in `members` by order of names; those of weight 0 take no turns.
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    if (members[i].weight != 0) order.push_back(i);
  }
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return members[a].name < members[b].name; });
  std::vector<MaglevPermutation> permutations;
  std::vector<std::uint32_t> weights;
  for (const std::uint32_t at : order) {
    permutations.push_back(maglev_permutation(members[at].name, slot_count));
    weights.push_back(members[at].weight);
  }
  std::vector<std::uint32_t> owners = populate_maglev(permutations, weights, slot_count);
  for (std::uint32_t& owner : owners) {
    if (owner != no_member) owner = order[owner];
  }
  return owners;
}

}  // namespace guideway
