// SPDX-License-Identifier: Apache-2.0
#include "controlplane/events/event.hh"

namespace guideway {
namespace {

using nlohmann::json;

std::string text_in(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

json to_json(const Event& event) {
  json object = event.values;
  object["id"] = event.id;
  object["time_ms"] = event.time_ms;
  object["kind"] = event.kind;
  object["text"] = event.text;
  if (!event.pool.empty()) object["pool"] = event.pool;
  if (!event.service.empty()) object["service"] = event.service;
  return object;
}

Result<Event> event_from_json(const json& object) {
  if (!object.is_object() || !object.contains("id") || !object["id"].is_number_unsigned() ||
      !object.contains("time_ms") || !object["time_ms"].is_number_integer() || text_in(object, "kind").empty())
    return failure("this is no event");
  Event event{object["id"].get<std::uint64_t>(),
              object["time_ms"].get<std::int64_t>(),
              text_in(object, "kind"),
              text_in(object, "text"),
              text_in(object, "pool"),
              text_in(object, "service"),
              object};
  for (const char* key : {"id", "time_ms", "kind", "text", "pool", "service"}) event.values.erase(key);
  return event;
}

}  // namespace guideway
