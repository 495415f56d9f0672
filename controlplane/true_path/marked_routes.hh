// SPDX-License-Identifier: Apache-2.0
// Routing for the sockets of checks that go through a service: what carries our mark is looked up in a table of ours,
// in which everything is behind our device. Nobody else's packets see it.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/base/result.hh"

namespace guideway {

class MarkedRoutes {
 public:
  static constexpr std::uint32_t mark = 0x6777;
  static constexpr std::uint32_t table = 0x6777;

  // For a device that is up. A rule that another run has left is used on.
  [[nodiscard]] static Result<MarkedRoutes> add(const std::string& device);
  MarkedRoutes(MarkedRoutes&& other) noexcept : is_there_(other.is_there_) { other.is_there_ = false; }
  MarkedRoutes& operator=(MarkedRoutes&&) = delete;
  // Takes the rules away; the routes go with the device.
  ~MarkedRoutes();

 private:
  MarkedRoutes() = default;

  bool is_there_ = true;
};

}  // namespace guideway
