// SPDX-License-Identifier: Apache-2.0
// A TAP: a network interface of the kernel whose frames this process reads and writes. One frame a call, never blocks.
// DPDK has a driver for it (net_tap), which stops at an MTU of 1,504, stalls behind longer frames and works with
// signals; this does what a kernel face needs and no more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {

struct TapSettings {
  std::string name;
  std::array<std::uint8_t, 6> mac{};
  std::uint16_t mtu_bytes = 1500;
};

class TapDevice {
 public:
  // Makes the interface and sets it up. It is gone when this ends, or the process.
  [[nodiscard]] static Result<TapDevice> create(const TapSettings& settings);

  // The length of the frame read, 0 if none waits.
  [[nodiscard]] std::size_t read(std::span<std::byte> frame) const noexcept;
  // False if the kernel wants it again later. A frame that the kernel will never take, because somebody has set the
  // interface down, counts as taken: it is the kernel's to drop.
  [[nodiscard]] bool write(std::span<const std::byte> frame) const noexcept;

 private:
  explicit TapDevice(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace guideway
