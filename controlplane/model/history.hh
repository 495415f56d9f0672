// SPDX-License-Identifier: Apache-2.0
// Every change that was acknowledged: who, when, what, and the configuration that it led to, so that each can be had
// back. A file in the state directory has a change and all that ran then, the log beside it the small changes that
// followed; both are synced before the change is acknowledged. The oldest go first when there are too many or they take
// too much room, file and log together.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/config/json_text.hh"
#include "controlplane/config/schema.hh"
#include "controlplane/model/edit.hh"
#include "controlplane/model/line_log.hh"
#include "dataplane/base/result.hh"

namespace guideway {

struct PastChange {
  std::uint64_t id = 0;
  std::int64_t time_ms = 0;
  std::string what;         // "backend.state web/b1 draining"
  std::size_t changes = 0;  // as many differences to what ran before
  nlohmann::json who = nullptr;
  std::uint64_t generation = 0;  // snapshots below it are of before the change, those above hold it; 0: not known
};

[[nodiscard]] nlohmann::json to_json(const PastChange& change);

// What ran after a change.
struct PastConfig {
  Config running;
  std::vector<Edit> edits;
};

class History {
 public:
  struct Limits {
    std::size_t changes_max = 100;
    std::size_t bytes_max = std::size_t{256} << 20U;  // two changes are kept, however large
  };

  // Makes DIRECTORY/history if it is missing. Changes after `last` were never acknowledged; they are removed.
  [[nodiscard]] static Result<History> open(const std::string& directory, std::uint64_t last, const Limits& limits);

  // Durable when it returns well; `change` gets its id.
  [[nodiscard]] Result<std::uint64_t> add(PastChange change, const Config& running, const std::vector<Edit>& edits,
                                          ConfigTexts& texts);
  // The newest was not made after all.
  void take_back(std::uint64_t id);
  [[nodiscard]] const std::deque<PastChange>& changes() const noexcept { return changes_; }
  [[nodiscard]] Result<PastConfig> config_after(std::uint64_t id) const;

 private:
  // Changes from one whole file on.
  struct Chapter {
    std::uint64_t first_id = 0;
    std::size_t count = 0;
    std::size_t file_bytes = 0;
    std::size_t log_bytes = 0;
  };

  History(std::string directory, const Limits& limits) : directory_(std::move(directory)), limits_(limits) {}
  [[nodiscard]] std::string file_of(std::uint64_t first_id) const;
  [[nodiscard]] std::string log_of(std::uint64_t first_id) const;
  void read_chapter(std::uint64_t first_id, std::uint64_t last);
  [[nodiscard]] Result<bool> add_to_chapter(const PastChange& change, const PastConfig& now);
  [[nodiscard]] Result<void> begin_chapter(const PastChange& change, const PastConfig& now, ConfigTexts& texts);
  void remove_chapter(const Chapter& chapter) const;
  void forget_oldest();

  std::string directory_;
  Limits limits_;
  std::deque<PastChange> changes_;  // oldest first
  std::deque<Chapter> chapters_;    // likewise
  std::uint64_t last_id_ = 0;
  std::optional<LineLog> log_;        // of the last chapter, if it goes on
  std::optional<PastConfig> newest_;  // what the next change in it is told from
};

}  // namespace guideway
