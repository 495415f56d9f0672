// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/change_event.hh"

#include "controlplane/daemon/clock.hh"

namespace guideway {

using nlohmann::json;

json to_json(const Actor& actor) {
  if (actor.pid == 0) return {{"name", "guidewayd"}};
  return {{"uid", actor.uid}, {"name", actor.name}, {"process_id", actor.pid}};
}

Event event_by(const Actor& actor, const std::string& kind, const std::string& text) {
  Event event;
  event.time_ms = wall_ms();
  event.kind = kind;
  event.text = text + ", by " + actor.text();
  event.values["who"] = to_json(actor);
  return event;
}

Event event_of(const Edit& edit, const Actor& actor) {
  const json document = to_json(edit);
  const std::string op = document.value("op", "");
  std::string service = op == "service.remove" ? document.value("name", "") : "";
  if (document.contains("service")) service = document["service"].value("name", "");
  const std::string pool = document.value("pool", "");
  // What is added may hold secrets (passwords of checks): whoever may look sees its name only.
  const bool is_addition = op == "service.add" || op == "backend.add";
  Event event = event_by(actor, "edit", is_addition ? op + " " + (service.empty() ? pool : service) : text_of(edit));
  event.pool = pool;
  event.service = service;
  if (!pool.empty() && document.contains("name")) event.values["backend"] = document["name"];
  return event;
}

}  // namespace guideway
