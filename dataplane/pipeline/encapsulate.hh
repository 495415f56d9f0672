// SPDX-License-Identifier: Apache-2.0
// Tunnels (docs/packet-path.md, section 4): the packet goes unchanged inside another.
#pragma once

#include "dataplane/pipeline/burst.hh"
#include "ebpf/abi/backend.h"

namespace guideway {

// What the backend's tunnel puts in front of a packet: outer IP header and what follows it. 0: it has no tunnel.
[[nodiscard]] std::uint32_t tunnel_overhead_bytes(const gw_backend& backend) noexcept;

// The backend must have a tunnel, and the packet must fit its MTU.
[[nodiscard]] gw_exit encapsulate(Packet& packet, const gw_backend& backend) noexcept;

}  // namespace guideway
