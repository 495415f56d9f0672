// SPDX-License-Identifier: Apache-2.0
// The staging memory: a controller writes into it what it offers, and the datapath copies from there. Memory that is
// used again and again costs both a copy; memory made for every offer cost ten times that, in pages to find, map and
// give back. The controller may write whenever it likes: nothing here stays as it is while it is read, so it is copied
// before it is checked. Nobody can resize it.
#pragma once

#include <cstddef>
#include <span>

#include "dataplane/base/mapping.hh"
#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"
#include "dataplane/door/messages.hh"
#include "dataplane/forwarding/capacities.hh"

namespace guideway::door {

// What the longest snapshot has that a datapath of these capacities takes.
[[nodiscard]] std::size_t snapshot_length_bytes_max(const Capacities& capacities) noexcept;

class Staging {
 public:
  // For all that can be offered to a datapath of these capacities, twice. It takes what memory is written to.
  [[nodiscard]] static Result<Staging> create(const Capacities& capacities);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] std::size_t length_bytes() const noexcept { return memory_.bytes().size(); }
  // An error if that is nothing, more than `length_bytes_max`, or not all within.
  [[nodiscard]] Result<std::span<const std::byte>> find(const StagedBytes& staged, std::size_t length_bytes_max) const;

 private:
  Staging(UniqueFd fd, Mapping memory) noexcept : fd_(std::move(fd)), memory_(std::move(memory)) {}
  UniqueFd fd_;
  Mapping memory_;
};

}  // namespace guideway::door
