// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/open_connections.hh"

#include <utility>

namespace guideway {

bool OpenConnections::make_room() {
  if (open_.size() < most_) return true;
  std::map<std::uint64_t, std::size_t> held;
  for (const auto& [number, one] : open_) ++held[one.holder];
  auto chosen = open_.end();
  // Most held first, then the longest wait.
  std::pair<std::size_t, std::uint64_t> best{0, 0};
  for (auto each = open_.begin(); each != open_.end(); ++each) {
    if (each->second.waiting_since == 0) continue;
    const std::pair<std::size_t, std::uint64_t> here{held[each->second.holder], ~each->second.waiting_since};
    if (chosen != open_.end() && here <= best) continue;
    chosen = each;
    best = here;
  }
  if (chosen == open_.end()) return false;
  const One one = std::move(chosen->second);
  open_.erase(chosen);
  one.hang_up();
  return true;
}

OpenConnections::Number OpenConnections::add(std::uint64_t holder, std::function<void()> hang_up) {
  open_[++last_] = {holder, ++time_, std::move(hang_up)};
  return last_;
}

void OpenConnections::waits(Number number) {
  const auto found = open_.find(number);
  if (found != open_.end()) found->second.waiting_since = ++time_;
}

void OpenConnections::works(Number number) {
  const auto found = open_.find(number);
  if (found != open_.end()) found->second.waiting_since = 0;
}

}  // namespace guideway
