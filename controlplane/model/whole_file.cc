// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/whole_file.hh"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "dataplane/base/unique_fd.hh"

namespace guideway {
namespace {

Result<void> write_whole(int fd, const std::string& text, const std::string& path) {
  std::size_t written = 0;
  while (written < text.size()) {
    ssize_t count = ::write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("the state cannot be written to " + path);
    written += static_cast<std::size_t>(count);
  }
  if (::fsync(fd) != 0) return system_failure("the state cannot be synced to disk in " + path);
  return {};
}

Result<void> sync_directory(const std::string& path) {
  UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0)
    return system_failure("the state directory " + path + " cannot be synced");
  return {};
}

Result<void> write_and_rename(const std::string& temporary, const std::string& path, const std::string& text) {
  {
    UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) return system_failure("the state cannot be written to " + temporary);
    auto written = write_whole(fd.get(), text, temporary);
    if (!written) return written;
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return system_failure("the state cannot be moved to " + path);
  return sync_directory(std::filesystem::path(path).parent_path().string());
}

}  // namespace

tl::unexpected<Error> system_failure(const std::string& what) { return failure(what + ": " + std::strerror(errno)); }

Result<void> replace_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  auto written = write_and_rename(temporary, path, text);
  // On a full disk it would keep the room that the next attempt needs.
  if (!written) ::unlink(temporary.c_str());
  return written;
}

}  // namespace guideway
