// SPDX-License-Identifier: Apache-2.0
// Who changed what: audit.log in the state directory, one JSON object a line, only ever appended to. Bounded: a full
// file becomes audit.log.1, that one audit.log.2, and so on; the oldest goes.
#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {

class AuditLog {
 public:
  struct Bounds {
    std::size_t file_bytes_max = std::size_t{8} * 1024 * 1024;
    unsigned old_files_max = 4;
  };

  [[nodiscard]] static Result<AuditLog> open(const std::string& directory, const Bounds& bounds);
  [[nodiscard]] static Result<AuditLog> open(const std::string& directory) { return open(directory, Bounds{}); }

  // Adds a line, whole or not at all. It outlives a power failure once sync() has returned well, and with it all lines
  // before.
  [[nodiscard]] Result<void> write(const nlohmann::json& entry);
  [[nodiscard]] Result<void> sync();
  [[nodiscard]] std::string file() const { return directory_ + "/audit.log"; }

 private:
  AuditLog(std::string directory, const Bounds& bounds) : directory_(std::move(directory)), bounds_(bounds) {}
  [[nodiscard]] Result<void> open_file();
  [[nodiscard]] Result<void> turn_over();

  std::string directory_;
  Bounds bounds_;
  UniqueFd fd_;
  std::size_t size_bytes_ = 0;
};

}  // namespace guideway
