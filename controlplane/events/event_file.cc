// SPDX-License-Identifier: Apache-2.0
#include "controlplane/events/event_file.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace guideway {
namespace {

tl::unexpected<Error> system_failure(const std::string& what) { return failure(what + ": " + std::strerror(errno)); }

}  // namespace

std::vector<std::string> EventFile::lines() const {
  std::vector<std::string> result;
  for (const std::string& path : {path_ + ".1", path_}) {
    std::ifstream stream(path, std::ios::binary);
    std::string line;
    while (std::getline(stream, line)) result.push_back(line);
  }
  return result;
}

Result<void> EventFile::open() {
  fd_ = UniqueFd(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd_) return system_failure("events cannot be written to " + path_);
  struct stat status {};
  bytes_ = ::fstat(fd_.get(), &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
  // The end of a line that a former process could not write whole would spoil the first of ours.
  char last = '\n';
  const bool is_torn = bytes_ > 0 && ::pread(fd_.get(), &last, 1, static_cast<off_t>(bytes_ - 1)) == 1 && last != '\n';
  if (is_torn && ::write(fd_.get(), "\n", 1) == 1) ++bytes_;
  return {};
}

Result<void> EventFile::rotate() {
  if (::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) return system_failure(path_ + " cannot be moved");
  return open();
}

Result<void> EventFile::append(const std::string& line) {
  if (!fd_) {
    if (auto opened = open(); !opened) return opened;
  }
  const std::string whole = line + "\n";
  if (bytes_ != 0 && bytes_ + whole.size() > bytes_max_) {
    if (auto rotated = rotate(); !rotated) return rotated;
  }
  const ssize_t written = ::write(fd_.get(), whole.data(), whole.size());
  if (written == static_cast<ssize_t>(whole.size())) {
    bytes_ += whole.size();
    return {};
  }
  const int why = written < 0 ? errno : ENOSPC;
  if (written > 0 && ::ftruncate(fd_.get(), static_cast<off_t>(bytes_)) != 0)
    bytes_ += static_cast<std::size_t>(written);
  return failure("events cannot be written to " + path_ + ": " + std::strerror(why));
}

}  // namespace guideway
