// SPDX-License-Identifier: Apache-2.0
#include "controlplane/events/event_log.hh"

#include <algorithm>
#include <utility>

namespace guideway {

using nlohmann::json;

EventLog::EventLog(const std::string& directory, const Limits& limits)
    : limits_(limits), file_(directory + "/events.jsonl", limits.file_bytes_max) {
  for (const std::string& line : file_.lines()) {
    const json parsed = json::parse(line, nullptr, false);
    if (parsed.is_discarded()) continue;
    auto event = event_from_json(parsed);
    if (!event) continue;
    last_id_ = std::max(last_id_, event->id);
    events_.push_back(std::move(*event));
    if (events_.size() > limits_.events_max) events_.pop_front();
  }
}

void EventLog::add(Event event) {
  event.id = ++last_id_;
  const auto written = file_.append(to_json(event).dump(-1, ' ', false, json::error_handler_t::replace));
  trouble_ = written ? "" : written.error().message;
  events_.push_back(std::move(event));
  if (events_.size() > limits_.events_max) events_.pop_front();
  listeners_.remove_if([&](const Listener& listener) { return !listener(&events_.back()); });
}

std::size_t EventLog::listeners() {
  // Those that left while nothing happened would pile up.
  listeners_.remove_if([](const Listener& each) { return !each(nullptr); });
  return listeners_.size();
}

}  // namespace guideway
