// SPDX-License-Identifier: Apache-2.0
// A packet that the kernel has written for a check of a service's address, and the frame that hands it to a backend:
// made by the code that forwards the packets of clients, from the row that the datapath has. Pure.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/net/address.hh"
#include "ebpf/abi/backend.h"

namespace guideway {

// What tells whose check a packet is of.
struct ProbeKey {
  Family family = Family::ipv4;
  std::uint8_t protocol = 0;
  std::uint16_t source_port = 0;
  friend auto operator<=>(const ProbeKey&, const ProbeKey&) = default;
};

// Nothing: it is neither TCP nor UDP, or no whole packet.
[[nodiscard]] std::optional<ProbeKey> key_of(std::span<const std::byte> packet);

// `dscp`: what l3dsr backends know the service by. An error says why the datapath would drop it.
[[nodiscard]] Result<std::vector<std::byte>> frame_for(std::span<const std::byte> packet, const gw_backend& backend,
                                                       std::uint8_t dscp);

}  // namespace guideway
