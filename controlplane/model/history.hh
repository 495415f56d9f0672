// SPDX-License-Identifier: Apache-2.0
// Every change that was acknowledged: who, when, what, and the configuration that it led to, so that each can be had
// back. One file a change in the state directory, written and synced before the change is; the oldest go first when
// there are too many or they take too much room.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/config/schema.hh"
#include "controlplane/model/edit.hh"
#include "dataplane/base/result.hh"

namespace guideway {

struct PastChange {
  std::uint64_t id = 0;
  std::int64_t time_ms = 0;
  std::string what;         // "backend.state web/b1 draining"
  std::size_t changes = 0;  // as many differences to what ran before
  nlohmann::json who = nullptr;
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
  [[nodiscard]] Result<std::uint64_t> add(PastChange change, const Config& running, const std::vector<Edit>& edits);
  // It was not made after all.
  void take_back(std::uint64_t id);
  [[nodiscard]] const std::deque<PastChange>& changes() const noexcept { return changes_; }
  [[nodiscard]] Result<PastConfig> config_after(std::uint64_t id) const;

 private:
  History(std::string directory, const Limits& limits) : directory_(std::move(directory)), limits_(limits) {}
  [[nodiscard]] std::string file_of(std::uint64_t id) const;
  void forget_oldest();

  std::string directory_;
  Limits limits_;
  std::deque<PastChange> changes_;  // oldest first
  std::uint64_t last_id_ = 0;
};

}  // namespace guideway
