// SPDX-License-Identifier: Apache-2.0
// What the kernel says of an interface.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"

namespace guideway {

struct InterfaceFacts {
  std::uint32_t index = 0;
  std::uint32_t mtu_bytes = 0;
  std::array<std::uint8_t, 6> mac{};
  bool is_up = false;
};

// Fails if there is none of that name, or it carries no Ethernet frames.
[[nodiscard]] Result<InterfaceFacts> examine_interface(const std::string& name);

// What its offloads do to packets before the program sees them: a sentence each, with the remedy.
[[nodiscard]] std::vector<std::string> find_offloads(const std::string& name, bool is_native);

}  // namespace guideway
