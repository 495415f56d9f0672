// SPDX-License-Identifier: Apache-2.0
#include "controlplane/maglev/build.hh"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
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

// So many slots of a permutation are looked at together, at the most.
constexpr std::size_t looks_max = 32;

// Of two numbers below the modulus.
std::uint32_t sum_modulo(std::uint32_t a, std::uint32_t b, std::uint32_t modulus) noexcept {
  const std::uint32_t sum = a + b;
  return std::min(sum, sum - modulus);  // below 0 it is a large number
}

// One member's walk along its permutation. Steps are added and the modulus subtracted: no product to overflow.
struct Turn {
  std::uint32_t next_slot;                     // the first that was not looked at yet
  std::array<std::uint32_t, looks_max> steps;  // 1, 2, 3 ... steps ahead, so that none has to wait for the one before
  std::uint32_t quota;
  std::uint32_t looked_from = 0;   // the first of those looked at last
  std::uint32_t found_free = 0;    // which of them were free then and are not used up, by their steps from that one
  std::uint32_t skip_inverse = 0;  // modulo the number of slots; 0: not asked for yet
};

Turn turn_of(const MaglevPermutation& permutation, std::uint32_t quota, std::uint32_t slot_count) noexcept {
  Turn turn{permutation.offset, {}, quota};
  std::uint32_t ahead = 0;
  for (std::uint32_t& step : turn.steps) step = ahead = sum_modulo(ahead, permutation.skip, slot_count);
  return turn;
}

// Whose turn it is, round after round, by weights alone: who has the greatest is never left out.
class Rounds {
 public:
  explicit Rounds(std::span<const std::uint32_t> weights)
      : weights_(weights), credits_(weights.size()), weight_max_(*std::max_element(weights.begin(), weights.end())) {}

  [[nodiscard]] std::uint32_t next() {
    for (;;) {
      position_ = position_ + 1 == weights_.size() ? 0 : position_ + 1;
      std::uint64_t& credit = credits_[position_];
      credit += weights_[position_];
      if (credit < weight_max_) continue;
      credit -= weight_max_;
      return position_;
    }
  }

 private:
  std::span<const std::uint32_t> weights_;
  std::vector<std::uint64_t> credits_;
  std::uint32_t weight_max_;
  std::uint32_t position_ = UINT32_MAX;
};

// The same, for as many turns as a table has slots. After as many turns as the weights add up to nobody has any credit
// left and all begins anew, so if that is soon it is written down: where one weight is large and many are small, rounds
// pass most members by.
class Order {
 public:
  Order(std::span<const std::uint32_t> weights, std::uint32_t slot_count) : rounds_(weights) {
    std::uint32_t divisor = 0;
    std::uint64_t period = 0;
    for (const std::uint32_t weight : weights) divisor = std::gcd(divisor, weight);
    for (const std::uint32_t weight : weights) period += weight / divisor;
    if (period > slot_count) return;
    period_.reserve(period);
    while (period_.size() < period) period_.push_back(rounds_.next());
  }

  [[nodiscard]] std::uint32_t next() {
    if (period_.empty()) return rounds_.next();
    at_ = at_ + 1 == period_.size() ? 0 : at_ + 1;
    return period_[at_];
  }

 private:
  Rounds rounds_;
  std::vector<std::uint32_t> period_;  // empty: longer than a table
  std::size_t at_ = SIZE_MAX;
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
    // What was looked at may be free still.
    if (turn.found_free != 0) turn.next_slot = turn.looked_from;
    turn.found_free = 0;
    if (turn.skip_inverse == 0) turn.skip_inverse = modulus_.inverse(turn.steps[0]);
    std::uint32_t fewest = slot_count_;
    std::size_t found = 0;
    for (std::size_t i = 0; i < free_.size(); ++i) {
      const std::uint32_t ahead = free_[i] + (free_[i] < turn.next_slot ? slot_count_ : 0) - turn.next_slot;
      const std::uint32_t steps = modulus_.of(std::uint64_t{ahead} * turn.skip_inverse);
      if (steps >= fewest) continue;
      fewest = steps;
      found = i;
    }
    turn.next_slot = std::exchange(free_[found], free_.back());
    free_.pop_back();
    return turn.next_slot;
  }

 private:
  std::uint32_t slot_count_;
  Modulus modulus_;
  std::vector<std::uint32_t> free_;
};

// Which slots are free, a byte each: they stay in the second cache, and one is read faster than a bit.
class FreeSlots {
 public:
  explicit FreeSlots(std::uint32_t slot_count) : is_free_(slot_count, 1) {}

  // The first free one of the permutation from where the turn stands; it is taken. Many are looked at together, and
  // those that were free are taken turn by turn unless somebody else has: to wait for one to find the next takes time.
  template <std::size_t looks>
  std::uint32_t take(Turn& turn) {
    for (;;) {
      while (turn.found_free == 0) look(turn, std::make_index_sequence<looks>());
      const std::uint32_t slot = slot_ahead(turn, static_cast<std::size_t>(std::countr_zero(turn.found_free)));
      turn.found_free &= turn.found_free - 1;
      if (is_free_[slot] == 0) continue;
      is_free_[slot] = 0;
      return slot;
    }
  }

 private:
  template <std::size_t... ahead>
  void look(Turn& turn, std::index_sequence<ahead...>) const {
    turn.looked_from = turn.next_slot;
    turn.found_free = ((std::uint32_t{is_free_[slot_ahead(turn, ahead)]} << ahead) | ...);
    turn.next_slot = slot_ahead(turn, sizeof...(ahead));
  }
  [[nodiscard]] std::uint32_t slot_ahead(const Turn& turn, std::size_t steps) const {
    const auto slot_count = static_cast<std::uint32_t>(is_free_.size());
    return steps == 0 ? turn.looked_from : sum_modulo(turn.looked_from, turn.steps[steps - 1], slot_count);
  }

  std::vector<std::uint8_t> is_free_;
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
  for (std::size_t i = 0; i < weights.size(); ++i) turns.push_back(turn_of(permutations[i], quotas[i], slot_count));
  Order order(weights, slot_count);
  std::uint32_t left = slot_count;
  const auto fill_until = [&](std::uint32_t left_then, const auto& take) {
    while (left > left_then) {
      const std::uint32_t member = order.next();
      Turn& turn = turns[member];
      if (turn.quota == 0) continue;  // it has all that it is to have
      --turn.quota;
      --left;
      owners[take(turn)] = member;
    }
  };
  FreeSlots free(slot_count);
  const std::uint32_t last_count = LastSlots::count_max(slot_count);
  // Of what is found free too much is somebody else's by the next turn if they are many.
  if (turns.size() * looks_max * 8 <= slot_count)
    fill_until(last_count, [&](Turn& turn) { return free.take<looks_max>(turn); });
  else
    fill_until(last_count, [&](Turn& turn) { return free.take<looks_max / 2>(turn); });
  LastSlots last(owners);
  fill_until(0, [&](Turn& turn) { return last.take(turn); });
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
