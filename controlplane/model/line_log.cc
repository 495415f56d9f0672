// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/line_log.hh"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>

#include <fmt/core.h>
#include <boost/crc.hpp>

#include "controlplane/model/whole_file.hh"

namespace guideway {
namespace {

constexpr std::size_t checksum_digits = 8;

std::string checksum_of(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return fmt::format("{:08x}", crc.checksum());
}

std::string contents_of(const std::string& path) {
  std::stringstream text;
  if (std::ifstream stream(path, std::ios::binary); stream) text << stream.rdbuf();
  return text.str();
}

// The lines from the beginning of `text` that are whole; returns how many bytes they are.
std::size_t whole_lines(std::string_view text, std::vector<std::string>& lines) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos || end < at + checksum_digits + 1) return at;
    const std::string_view line = text.substr(at + checksum_digits + 1, end - at - checksum_digits - 1);
    if (text.substr(at, checksum_digits) != checksum_of(line)) return at;
    lines.emplace_back(line);
    at = end + 1;
  }
}

}  // namespace

Result<LineLog> LineLog::create(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (!fd) return system_failure("the state cannot be written to " + path);
  return LineLog(path, std::move(fd));
}

std::vector<std::string> LineLog::read(const std::string& path) {
  std::vector<std::string> lines;
  static_cast<void>(whole_lines(contents_of(path), lines));
  return lines;
}

Result<LineLog> LineLog::open(const std::string& path, std::vector<std::string>& lines) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd) return system_failure("the state cannot be written to " + path);
  LineLog log(path, std::move(fd));
  log.size_bytes_ = whole_lines(contents_of(path), lines);
  log.size_before_bytes_ = log.size_bytes_;
  log.shorten(log.size_bytes_);
  if (!log.fd_) return system_failure("the state in " + path + " cannot be shortened");
  return log;
}

Result<void> LineLog::append(const std::string& text) {
  if (!fd_) return failure("the state in " + path_ + " could not be put right after an error");
  const std::string line = checksum_of(text) + " " + text + "\n";
  ssize_t written = 0;
  do {
    written = ::write(fd_.get(), line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  const bool is_whole = written == static_cast<ssize_t>(line.size());
  if (is_whole && ::fdatasync(fd_.get()) == 0) {
    size_before_bytes_ = size_bytes_;
    size_bytes_ += line.size();
    return {};
  }
  const int why = written >= 0 && !is_whole ? ENOSPC : errno;
  // What there is of the line must not stand before the next.
  shorten(size_bytes_);
  return failure("the state cannot be written to " + path_ + ": " + std::strerror(why));
}

void LineLog::take_back() {
  shorten(size_before_bytes_);
  size_bytes_ = size_before_bytes_;
}

void LineLog::keep(std::span<const std::string> first) {
  size_bytes_ = 0;
  for (const std::string& line : first) size_bytes_ += checksum_digits + 1 + line.size() + 1;
  size_before_bytes_ = size_bytes_;
  shorten(size_bytes_);
}

void LineLog::shorten(std::size_t size_bytes) {
  if (fd_ && ::ftruncate(fd_.get(), static_cast<off_t>(size_bytes)) != 0) fd_.reset();
}

}  // namespace guideway
