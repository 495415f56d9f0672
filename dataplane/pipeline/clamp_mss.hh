// SPDX-License-Identifier: Apache-2.0
// MSS clamping (docs/packet-path.md, section 4), for paths that lose ICMP.
#pragma once

#include <cstdint>

#include "dataplane/pipeline/burst.hh"

namespace guideway {

// Lowers the MSS option of a whole TCP packet with SYN to `mss_bytes` where it is above, and updates the checksum.
void clamp_mss(Packet& packet, std::uint32_t mss_bytes) noexcept;

}  // namespace guideway
