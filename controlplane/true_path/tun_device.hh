// SPDX-License-Identifier: Apache-2.0
// A device whose packets come to this process instead of a wire. It is gone with the process.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {

class TunDevice {
 public:
  // Up, without an address. `mtu_bytes` must leave room for what a tunnel adds.
  [[nodiscard]] static Result<TunDevice> create(const std::string& name, int mtu_bytes);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  // The next IP packet, without waiting; empty if there is none.
  [[nodiscard]] std::span<const std::byte> read(std::span<std::byte> room) const noexcept;

 private:
  explicit TunDevice(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace guideway
