// SPDX-License-Identifier: Apache-2.0
// Something that happened, for whoever asks later why: when, what kind, what it is about, a sentence, and the values
// in it for programs. Pure.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "dataplane/base/result.hh"

namespace guideway {

struct Event {
  std::uint64_t id = 0;      // counts up, over restarts too
  std::int64_t time_ms = 0;  // wall clock
  std::string kind;          // "backend", "next-hop", "edit", ...: docs/api.md
  std::string text;          // one sentence
  std::string pool;          // empty: about none
  std::string service;
  nlohmann::json values = nlohmann::json::object();
};

[[nodiscard]] nlohmann::json to_json(const Event& event);
[[nodiscard]] Result<Event> event_from_json(const nlohmann::json& json);

}  // namespace guideway
