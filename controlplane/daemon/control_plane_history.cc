// SPDX-License-Identifier: Apache-2.0
// Changes before and after they are made: tried, archived, listed.
#include <algorithm>

#include <fmt/core.h>

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

// The change has a generation between those of snapshots, so that every later one tells that it is newer.
Result<std::uint64_t> ControlPlane::note(PastChange change, const Intent& intent, ConfigTexts& texts) {
  change.time_ms = wall_ms();
  change.generation = ++generation_;
  return history_.add(std::move(change), intent.running, intent.edits, texts);
}

Result<void> ControlPlane::archive(const Result<void>& audited, const Result<std::uint64_t>& noted,
                                   ConfigTexts& texts) {
  if (!noted) return failure_of(noted);
  intent_.change = *noted;
  if (!audited) return audited;
  return save(texts);
}

std::optional<Reply> ControlPlane::outdated(const ChangeTerms& terms) const {
  if (!terms.if_generation) return std::nullopt;
  const std::uint64_t based_on = *terms.if_generation;
  if (based_on > generation_)
    return error_reply(
        409, fmt::format("generation {} is not there yet, it is {} now; nothing was changed", based_on, generation_));
  const auto& changes = history_.changes();
  const auto last = std::find_if(changes.rbegin(), changes.rend(),
                                 [&](const PastChange& change) { return change.id == intent_.change; });
  if (last == changes.rend() || based_on >= last->generation) return std::nullopt;
  Reply reply = error_reply(
      409,
      fmt::format("since generation {} {} has changed what runs ({}, change {}), and it is generation {} now; look "
                  "again before you repeat it, nothing was changed",
                  based_on, who_text(last->who), last->what, last->id, generation_));
  reply.body["generation"] = generation_;
  reply.body["change"] = last->id;
  reply.body["who"] = last->who;
  return reply;
}

Reply ControlPlane::config_history() {
  json list = json::array();
  for (const PastChange& change : history_.changes()) list.push_back(to_json(change));
  return {200, {{"history", std::move(list)}, {"running", intent_.change}}};
}

}  // namespace guideway
