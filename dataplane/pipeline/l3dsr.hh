// SPDX-License-Identifier: Apache-2.0
// l3dsr (docs/packet-path.md, section 4): the packet is sent to the backend's own address, and a DSCP tells the backend
// which service address to put back.
#pragma once

#include "dataplane/pipeline/burst.hh"
#include "ebpf/abi/backend.h"

namespace guideway {

// Rewrites destination and DSCP, and every checksum that counts the destination. The backend must be of the packet's
// family.
void rewrite_destination(Packet& packet, const gw_backend& backend) noexcept;

}  // namespace guideway
