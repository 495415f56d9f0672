// SPDX-License-Identifier: Apache-2.0
// Changes before and after they are made: tried, archived, listed.
#include "controlplane/daemon/change_event.hh"
#include "controlplane/daemon/clock.hh"
#include "controlplane/daemon/control_plane.hh"

namespace guideway {

using nlohmann::json;

Reply ControlPlane::rehearse(const Change& change) const {
  Ledger ledger = ledger_;
  auto adopted = ledger.adopt(change.intent.running, change.at_once, lasting_ms());
  if (!adopted) return error_reply(422, adopted.error().message);
  Reply reply{200, change.answer};
  reply.body["dry_run"] = true;
  return reply;
}

Result<void> ControlPlane::archive(const std::string& what, std::size_t changes, const Actor& actor) {
  auto id = history_.add({0, wall_ms(), what, changes, to_json(actor)}, intent_.running, intent_.edits);
  if (!id) return failure_of(id);
  intent_.change = *id;
  return {};
}

Reply ControlPlane::config_history() {
  json list = json::array();
  for (const PastChange& change : history_.changes()) list.push_back(to_json(change));
  return {200, {{"history", std::move(list)}, {"running", intent_.change}}};
}

}  // namespace guideway
