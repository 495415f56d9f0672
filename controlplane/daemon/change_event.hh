// SPDX-License-Identifier: Apache-2.0
// The event that tells of a change: who made it, and what it is about.
#pragma once

#include <string>

#include "controlplane/api/actor.hh"
#include "controlplane/events/event.hh"
#include "controlplane/model/edit.hh"

namespace guideway {

[[nodiscard]] nlohmann::json to_json(const Actor& actor);
// Who that was, in a sentence: "alice", "uid 1000".
[[nodiscard]] std::string who_text(const nlohmann::json& who);
// Of a kind and with a sentence to which the caller is added.
[[nodiscard]] Event event_by(const Actor& actor, const std::string& kind, const std::string& text);
[[nodiscard]] Event event_of(const Edit& edit, const Actor& actor);

}  // namespace guideway
