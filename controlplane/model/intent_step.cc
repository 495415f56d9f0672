// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/intent_step.hh"

#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/config/config_delta.hh"

namespace guideway {
namespace {

using nlohmann::json;

// The texts that are new, and null for those that are gone.
json ledger_step(const LedgerTexts& from, const LedgerTexts& to) {
  json step = json::object();
  to.for_each_other_than(from, [&step](const std::string& pool, const LedgerTexts::Text& text) {
    step[pool] = text == nullptr ? json() : json(*text);
  });
  return step;
}

void take_ledger_step(LedgerTexts& ledger, const json& step) {
  for (const auto& [pool, text] : step.items()) {
    if (text.is_null())
      ledger.erase(pool);
    else
      ledger.set(pool, std::make_shared<const std::string>(text.get<std::string>()));
  }
}

}  // namespace

// Edits leave the list anywhere and join it at its end.
json edits_step(const std::vector<Edit>& from, const std::vector<Edit>& to) {
  json left = json::array();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (kept < to.size() && from[i] == to[kept])
      ++kept;
    else
      left.push_back(i);
  }
  json joined = json::array();
  for (; kept < to.size(); ++kept) joined.push_back(to_json(to[kept]));
  return {{"left", std::move(left)}, {"joined", std::move(joined)}};
}

Result<std::vector<Edit>> with_edits_step(const std::vector<Edit>& from, const json& step) {
  std::vector<bool> leaves(from.size(), false);
  for (const json& position : step.at("left")) leaves.at(position.get<std::size_t>()) = true;
  std::vector<Edit> result;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!leaves[i]) result.push_back(from[i]);
  }
  for (const json& one : step.at("joined")) {
    auto edit = edit_from_json(one);
    if (!edit) return failure_of(edit);
    result.push_back(std::move(*edit));
  }
  return result;
}

bool is_step(const Intent& from, const Intent& to) {
  return from.config_file == to.config_file && from.file_config == to.file_config &&
         from.applied_config == to.applied_config;
}

json step_json(const Intent& from, const Intent& to) {
  json step{{"change", to.change}, {"generation", to.generation}};
  if (from.running != to.running) step["running"] = delta_json(from.running, to.running);
  if (from.edits != to.edits) step["edits"] = edits_step(from.edits, to.edits);
  json ledger = ledger_step(from.ledger, to.ledger);
  if (!ledger.empty()) step["ledger"] = std::move(ledger);
  return step;
}

Result<void> take_step(Intent& intent, const json& step) {
  try {
    if (step.contains("running")) {
      auto running = with_delta(intent.running, step["running"]);
      if (!running) return failure_of(running);
      intent.running = std::move(*running);
    }
    if (step.contains("edits")) {
      auto edits = with_edits_step(intent.edits, step["edits"]);
      if (!edits) return failure_of(edits);
      intent.edits = std::move(*edits);
    }
    if (step.contains("ledger")) take_ledger_step(intent.ledger, step["ledger"]);
    intent.change = step.at("change").get<std::uint64_t>();
    intent.generation = step.at("generation").get<std::uint64_t>();
  } catch (const std::exception& error) {
    return failure(std::string("a step cannot be read: ") + error.what());
  }
  return {};
}

}  // namespace guideway
