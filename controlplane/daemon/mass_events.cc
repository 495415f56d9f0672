// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/mass_events.hh"

#include <utility>

#include <fmt/core.h>

namespace guideway {

void MassEvents::note(const BackendKey& key, const std::string& what) {
  Group& group = groups_[{key.pool, what}];
  if (group.backends++ == 0) group.first = key.name;
}

std::vector<Event> MassEvents::take(const std::string& kind, std::int64_t time_ms) {
  std::vector<Event> events;
  events.reserve(groups_.size());
  for (const auto& [about, group] : std::exchange(groups_, {})) {
    Event event;
    event.time_ms = time_ms;
    event.kind = kind;
    event.pool = about.first;
    event.text =
        fmt::format("pool {}: {} backends, {} first: {}", about.first, group.backends, group.first, about.second);
    event.values["backends"] = group.backends;
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace guideway
