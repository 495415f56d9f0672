// SPDX-License-Identifier: Apache-2.0
#include "controlplane/publish/staging_writer.hh"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace guideway {
namespace {

// Written and not mapped: where there is no memory that is an error and not a signal.
Result<void> write_all(int fd, std::span<const std::byte> bytes, std::uint64_t at_bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at_bytes));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failure(std::string("cannot fill the staging memory: ") + std::strerror(errno));
    at_bytes += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<door::StagedBytes> StagingWriter::write(std::span<const StagedPart> parts) {
  const std::size_t length_bytes = parts.empty() ? 0 : parts.back().at_bytes + parts.back().bytes.size();
  if (length_bytes > half_bytes_)
    return failure("half the staging memory is " + std::to_string(half_bytes_) + " bytes, " +
                   std::to_string(length_bytes) + " are needed");
  const door::StagedBytes staged{next_at_bytes_, length_bytes};
  for (const StagedPart& part : parts) {
    if (auto written = write_all(fd_.get(), part.bytes, staged.at_bytes + part.at_bytes); !written)
      return failure_of(written);
  }
  next_at_bytes_ = next_at_bytes_ == 0 ? half_bytes_ : 0;
  return staged;
}

}  // namespace guideway
