// SPDX-License-Identifier: Apache-2.0
// The intent on disk: one JSON file in the state directory, replaced whole (written beside, synced, renamed, directory
// synced). Once save() has returned well, a kill or a power failure at any moment leaves this intent or a later one.
// One guidewayd at a time holds the directory.
#pragma once

#include <optional>
#include <string>

#include "controlplane/model/intent.hh"
#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {

class IntentStore {
 public:
  // Makes the directory if it is missing, and locks it.
  [[nodiscard]] static Result<IntentStore> open(const std::string& directory);

  struct Loaded {
    std::optional<Intent> intent;  // nothing: there is none yet, or it is damaged
    std::string warning;           // a sentence; the damaged file is kept beside, ending in .damaged
  };
  [[nodiscard]] Loaded load() const;
  // Puts the file aside as damaged, for a reason that shows only later.
  [[nodiscard]] std::string set_aside(const std::string& why) const;
  [[nodiscard]] Result<void> save(const Intent& intent) const;
  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }

 private:
  IntentStore(std::string directory, UniqueFd lock) : directory_(std::move(directory)), lock_(std::move(lock)) {}
  [[nodiscard]] std::string file() const { return directory_ + "/intent.json"; }
  std::string directory_;
  UniqueFd lock_;
};

}  // namespace guideway
