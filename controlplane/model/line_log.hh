// SPDX-License-Identifier: Apache-2.0
// A file that only grows, line by line, each with its checksum. Once append() has returned well, a kill or a power
// failure leaves that line; what such a moment made of a line that was not acknowledged is dropped when the file is
// opened. Appending costs one sync, where replacing a file (whole_file.hh) costs several.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {

class LineLog {
 public:
  // Empty, even if there was one. Its name is durable once the directory is synced, which is the caller's to do.
  [[nodiscard]] static Result<LineLog> create(const std::string& path);
  // `lines` are those that are whole. A missing file is an empty one.
  [[nodiscard]] static Result<LineLog> open(const std::string& path, std::vector<std::string>& lines);

  // The whole lines of a file that somebody else may be writing.
  [[nodiscard]] static std::vector<std::string> read(const std::string& path);

  // `text` is one line. An error leaves what was there before.
  [[nodiscard]] Result<void> append(const std::string& text);
  // As if the last append() had not been.
  void take_back();
  // Leaves these, the first of the file's lines.
  void keep(std::span<const std::string> first);
  [[nodiscard]] std::size_t size_bytes() const noexcept { return size_bytes_; }

 private:
  LineLog(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  void shorten(std::size_t size_bytes);
  std::string path_;
  UniqueFd fd_;  // none: it could not be put right after an error
  std::size_t size_bytes_ = 0;
  std::size_t size_before_bytes_ = 0;
};

}  // namespace guideway
