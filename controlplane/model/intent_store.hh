// SPDX-License-Identifier: Apache-2.0
// The intent on disk, in the state directory: intent.json, replaced whole, and beside it intent-NUMBER.log, to which
// the steps since are appended; intent.json has the number, so that a log is never taken for that of another. Once
// save() has returned well, a kill or a power failure at any moment leaves this intent or a later one.
// One guidewayd at a time holds the directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "controlplane/model/intent.hh"
#include "controlplane/model/line_log.hh"
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
  [[nodiscard]] Loaded load();
  // Puts the file aside as damaged, for a reason that shows only later.
  [[nodiscard]] std::string set_aside(const std::string& why);
  // What changed since the last save() or load() is appended; everything is written anew when that is not enough, or
  // when the steps have become as many as is good for a start.
  [[nodiscard]] Result<void> save(const Intent& intent, ConfigTexts& texts);
  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }

 private:
  IntentStore(std::string directory, UniqueFd lock) : directory_(std::move(directory)), lock_(std::move(lock)) {}
  [[nodiscard]] std::string file() const { return directory_ + "/intent.json"; }
  [[nodiscard]] std::string log_file() const;
  [[nodiscard]] Result<Intent> read(const std::string& text);
  [[nodiscard]] bool may_append(const Intent& intent) const;
  [[nodiscard]] Result<void> append(const Intent& intent);
  [[nodiscard]] Result<void> save_whole(const Intent& intent, ConfigTexts& texts);
  void remove_other_logs() const;
  std::string directory_;
  UniqueFd lock_;
  std::optional<Intent> saved_;  // what is on disk
  std::optional<LineLog> log_;
  std::uint64_t log_number_ = 0;
  std::size_t steps_ = 0;
  std::size_t whole_bytes_ = 0;
};

}  // namespace guideway
