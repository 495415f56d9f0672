// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/unmade_checks.hh"

#include <algorithm>

namespace guideway {

bool UnmadeChecks::note(const std::string& reason, std::int64_t interval_ms, std::int64_t now_ms) {
  std::string kind;
  std::copy_if(reason.begin(), reason.end(), std::back_inserter(kind), [](char one) { return one < '0' || one > '9'; });
  const auto [spell, is_new] = spells_.try_emplace(kind, Spell{reason, now_ms, 0});
  spell->second.over_at_ms =
      std::max(spell->second.over_at_ms, now_ms + std::max<std::int64_t>(over_after_ms, 3 * interval_ms));
  return is_new;
}

std::vector<UnmadeChecks::Spell> UnmadeChecks::take_over(std::int64_t now_ms) {
  std::vector<Spell> over;
  for (auto each = spells_.begin(); each != spells_.end();) {
    if (each->second.over_at_ms > now_ms) {
      ++each;
      continue;
    }
    over.push_back(each->second);
    each = spells_.erase(each);
  }
  return over;
}

}  // namespace guideway
