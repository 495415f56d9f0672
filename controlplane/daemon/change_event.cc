// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/change_event.hh"

#include "controlplane/daemon/clock.hh"

namespace guideway {

using nlohmann::json;

json to_json(const Actor& actor) {
  if (actor.is_guidewayd()) return {{"name", "guidewayd"}};
  if (!actor.certificate.empty()) return {{"name", actor.name}, {"certificate", actor.certificate}};
  return {{"uid", actor.uid}, {"name", actor.name}, {"process_id", actor.pid}};
}

std::string who_text(const json& who) {
  if (!who.is_object()) return "somebody";
  std::string name = who.value("name", "");
  if (!name.empty()) return name;
  return who.contains("certificate") ? who.value("certificate", "") : "uid " + std::to_string(who.value("uid", 0U));
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
  std::string service = op == "service.remove" || op == "service.edit" ? document.value("name", "") : "";
  if (document.contains("service")) service = document["service"].value("name", "");
  const std::string pool = document.value(op == "pool.edit" ? "name" : "pool", "");
  // Values may be secrets (passwords of checks): whoever may look sees a summary.
  Event event = event_by(actor, "edit", summary_of(edit));
  event.pool = pool;
  event.service = service;
  if (document.contains("pool") && document.contains("name")) event.values["backend"] = document["name"];
  return event;
}

}  // namespace guideway
