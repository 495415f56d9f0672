// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/audit_log.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace guideway {

Result<AuditLog> AuditLog::open(const std::string& directory, const Bounds& bounds) {
  AuditLog log(directory, bounds);
  auto opened = log.open_file();
  if (!opened) return failure_of(opened);
  return log;
}

Result<void> AuditLog::open_file() {
  fd_ = UniqueFd(::open(file().c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  struct stat status {};
  if (!fd_ || ::fstat(fd_.get(), &status) != 0)
    return failure("the audit log " + file() + " cannot be opened: " + std::strerror(errno));
  size_bytes_ = static_cast<std::size_t>(status.st_size);
  // A power failure may have left a line without its end.
  char last = '\n';
  if (size_bytes_ != 0 && ::pread(fd_.get(), &last, 1, status.st_size - 1) == 1 && last != '\n' &&
      ::write(fd_.get(), "\n", 1) == 1)
    ++size_bytes_;
  const UniqueFd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0)
    return failure("the state directory " + directory_ + " cannot be synced: " + std::strerror(errno));
  return {};
}

Result<void> AuditLog::turn_over() {
  // What was written and not synced yet is out of reach afterwards.
  if (auto synced = sync(); !synced) return synced;
  for (unsigned number = bounds_.old_files_max; number > 0; --number) {
    const std::string from = number == 1 ? file() : file() + "." + std::to_string(number - 1);
    const std::string to = file() + "." + std::to_string(number);
    if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
      return failure("the audit log cannot be moved to " + to + ": " + std::strerror(errno));
  }
  return open_file();
}

Result<void> AuditLog::write(const nlohmann::json& entry) {
  const std::string line = entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (size_bytes_ != 0 && size_bytes_ + line.size() > bounds_.file_bytes_max) {
    auto turned = turn_over();
    if (!turned) return turned;
  }
  const ssize_t written = ::write(fd_.get(), line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) {
    size_bytes_ += line.size();
    return {};
  }
  const int why = written >= 0 ? ENOSPC : errno;
  // What there is of the line must not become the beginning of the next.
  if (::ftruncate(fd_.get(), static_cast<off_t>(size_bytes_)) != 0) fd_.reset();
  if (!fd_) (void)open_file();
  return failure("the audit log " + file() + " cannot be written: " + std::strerror(why));
}

Result<void> AuditLog::sync() {
  if (fd_ && ::fdatasync(fd_.get()) == 0) return {};
  return failure("the audit log " + file() + " cannot be written: " + std::strerror(fd_ ? errno : EBADF));
}

}  // namespace guideway
