// SPDX-License-Identifier: Apache-2.0
// What the operators want, as one value: a configuration file, the edits made since it was applied, and the
// configuration that follows from both. It also holds what the control plane has given out (the ledger), because
// neither may be lost without the other. Pure: the store keeps it on disk.
//
// At a start, a configuration file that says what it said before changes nothing: what was running, edits and all, goes
// on. A file that says something else wins, and so does every file that is applied: of the edits only the
// administrative states (drain, disable, enable) of backends that still exist are kept, the others are dropped by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/compile/ledger.hh"
#include "controlplane/config/json_text.hh"
#include "controlplane/config/schema.hh"
#include "controlplane/model/edit.hh"
#include "dataplane/base/result.hh"

namespace guideway {

struct Intent {
  std::string config_file;       // that guidewayd is started with
  Config file_config;            // what it said when last read, its includes in it
  Config applied_config;         // what the file said that was applied last: the same one, or another
  Config running;                // applied_config with the edits
  std::vector<Edit> edits;       // those that still matter, oldest first
  LedgerTexts ledger;            // Ledger::save()
  std::uint64_t change = 0;      // the last one acknowledged, by its number in the history; 0: not known
  std::uint64_t generation = 0;  // no snapshot published so far has a higher one
};

struct Reconciled {
  Config running;
  std::vector<Edit> edits;
  std::vector<Edit> dropped;
};

// A file is applied where `before` was running.
[[nodiscard]] Reconciled reconcile(const Intent& before, const Config& applied);
// A start: `before` is what was saved, if anything. `dropped` are the edits that did not survive.
[[nodiscard]] Intent start_from(const std::optional<Intent>& before, const std::string& config_file,
                                const Config& file_config, std::vector<Edit>& dropped);

// Adds edits that were applied to the list, leaving out those that they make meaningless, so that it does not grow
// with every weight that a script sets.
void record(std::vector<Edit>& edits, const std::vector<Edit>& applied, const Config& applied_config);

// JSON, with the number of the log (intent_store.hh) that goes on from it.
[[nodiscard]] std::string json_text(const Intent& intent, std::uint64_t log, ConfigTexts& texts);
[[nodiscard]] Result<Intent> intent_from_json(const nlohmann::json& json);

}  // namespace guideway
