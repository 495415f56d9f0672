// SPDX-License-Identifier: Apache-2.0
// Lines in a file that does not grow for ever: what is full becomes FILE.1, and the FILE.1 before it is gone. A line is
// with the kernel when append() returns, so it outlives this process however it ends; a line that could not be written
// whole is taken back.
#pragma once

#include <string>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {

class EventFile {
 public:
  EventFile(std::string path, std::size_t bytes_max) : path_(std::move(path)), bytes_max_(bytes_max) {}

  // What both files hold, oldest first.
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] Result<void> append(const std::string& line);

 private:
  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<void> rotate();

  std::string path_;
  std::size_t bytes_max_;
  UniqueFd fd_;
  std::size_t bytes_ = 0;
};

}  // namespace guideway
