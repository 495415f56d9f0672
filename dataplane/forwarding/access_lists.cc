// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/access_lists.hh"

#include <algorithm>

namespace guideway {

AccessLists::Number AccessLists::number_of(const std::uint8_t* address, std::uint8_t family) noexcept {
  Number number = 0;
  const unsigned length_bytes = gw_address_bits(family) / 8U;
  for (unsigned i = 0; i < length_bytes; ++i) number = number << 8U | address[i];
  return number;
}

AccessLists::AccessLists(std::span<const gw_access_prefix> prefixes) {
  std::unordered_map<std::uint64_t, std::vector<gw_access_prefix>> by_place;
  for (const gw_access_prefix& prefix : prefixes) by_place[place_of(prefix.list, prefix.family)].push_back(prefix);
  for (auto& [place, own] : by_place) {
    const std::uint8_t family = own.front().family;
    ranges_.emplace(place, flatten(std::move(own), family));
  }
}

AccessLists::Ranges AccessLists::flatten(std::vector<gw_access_prefix> prefixes, std::uint8_t family) {
  const auto first_of = [family](const gw_access_prefix& prefix) { return number_of(prefix.address, family); };
  // Of prefixes that begin together the widest first: then those that hold an address lie on a stack, narrowest on top.
  std::sort(prefixes.begin(), prefixes.end(), [&](const gw_access_prefix& a, const gw_access_prefix& b) {
    return first_of(a) != first_of(b) ? first_of(a) < first_of(b) : a.bits < b.bits;
  });
  struct Open {
    Number last;
    Verdict verdict;
  };
  const unsigned width = gw_address_bits(family);
  const Number highest = width == 128 ? ~Number{0} : (Number{1} << width) - 1;
  std::vector<Open> open{{highest, Verdict::by_default}};
  Ranges ranges{{0, Verdict::by_default}};
  const auto begin_range = [&ranges](Number first, Verdict verdict) {
    if (ranges.back().first == first)
      ranges.back().verdict = verdict;
    else
      ranges.push_back({first, verdict});
  };
  const auto close_until = [&](Number address) {  // everything that ends before it
    while (open.back().last < address) {
      const Number next = open.back().last + 1;
      open.pop_back();
      if (open.back().last >= next) begin_range(next, open.back().verdict);
    }
  };
  for (const gw_access_prefix& prefix : prefixes) {
    const Number first = first_of(prefix);
    close_until(first);
    const unsigned host_bits = width - prefix.bits;
    const Number last = host_bits == 128 ? highest : first + ((Number{1} << host_bits) - 1);
    const Verdict verdict = prefix.allows != 0 ? Verdict::allowed : Verdict::denied;
    open.push_back({last, verdict});
    begin_range(first, verdict);
  }
  while (open.back().last < highest) {
    const Number next = open.back().last + 1;
    open.pop_back();
    if (open.back().last >= next) begin_range(next, open.back().verdict);
  }
  return ranges;
}

bool AccessLists::allows(std::uint32_t list, const gw_flow_key& flow, bool denies_by_default) const noexcept {
  const auto found = ranges_.find(place_of(list, flow.family));
  if (found == ranges_.end()) return !denies_by_default;
  const Number source = number_of(flow.source, flow.family);
  const auto behind = std::upper_bound(found->second.begin(), found->second.end(), source,
                                       [](Number address, const Range& range) { return address < range.first; });
  const Verdict verdict = (behind - 1)->verdict;
  return verdict == Verdict::by_default ? !denies_by_default : verdict == Verdict::allowed;
}

}  // namespace guideway
