// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/drain_watch.hh"

#include <algorithm>
#include <utility>

namespace guideway {

void DrainWatch::update(const std::map<std::uint32_t, std::uint64_t>& packets, std::int64_t now_ms) {
  const std::map<std::uint32_t, Seen> before = std::exchange(seen_, {});
  for (const auto& [index, count] : packets) {
    const auto known = before.find(index);
    const bool is_quiet = known != before.end() && known->second.packets == count;
    seen_[index] = {count, is_quiet ? known->second.since_ms : now_ms};
  }
}

std::optional<std::int64_t> DrainWatch::quiet_ms(std::uint32_t index, std::int64_t now_ms) const {
  const auto found = seen_.find(index);
  if (found == seen_.end()) return std::nullopt;
  return std::max<std::int64_t>(now_ms - found->second.since_ms, 0);
}

}  // namespace guideway
