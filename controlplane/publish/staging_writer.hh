// SPDX-License-Identifier: Apache-2.0
// The datapath's staging memory as the control plane uses it: by halves in turn, so that one offer is written while the
// datapath copies the one before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"
#include "dataplane/door/messages.hh"

namespace guideway {

// Bytes, and where in what is offered they are to lie.
struct StagedPart {
  std::size_t at_bytes = 0;
  std::span<const std::byte> bytes;
};

class StagingWriter {
 public:
  // As a Welcome hands it out.
  StagingWriter(UniqueFd fd, std::uint64_t length_bytes) noexcept : fd_(std::move(fd)), half_bytes_(length_bytes / 2) {}

  // Writes the parts, which rise, and says where they begin; what lies between two of them is what was there before.
  // Fails if there is no room, or no memory for it.
  [[nodiscard]] Result<door::StagedBytes> write(std::span<const StagedPart> parts);

 private:
  UniqueFd fd_;
  std::uint64_t half_bytes_;
  std::uint64_t next_at_bytes_ = 0;
};

}  // namespace guideway
