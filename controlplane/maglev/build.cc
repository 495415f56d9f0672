// SPDX-License-Identifier: Apache-2.0
#include "controlplane/maglev/build.hh"

#include <algorithm>
#include <cstring>
#include <numeric>

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

  for (std::uint32_t filled = 0; filled < slot_count;) {
    for (std::uint32_t i = 0; i < turns.size(); ++i) {
      Turn& turn = turns[i];
      if (turn.quota == 0) continue;
      turn.credit += turn.weight;
      if (turn.credit < weight_max) continue;
      turn.credit -= weight_max;
      while (owners[turn.next_slot] != no_member) {
        turn.next_slot += turn.skip;
        if (turn.next_slot >= slot_count) turn.next_slot -= slot_count;
      }
      owners[turn.next_slot] = i;
      --turn.quota;
      ++filled;
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
