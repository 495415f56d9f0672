// SPDX-License-Identifier: Apache-2.0
// UDP header (RFC 768).
#pragma once

#include "dataplane/net/endian.hh"

namespace guideway {

struct UdpHeader {
  be16 source_port;
  be16 destination_port;
  be16 length;
  be16 checksum;
};
static_assert(sizeof(UdpHeader) == 8 && alignof(UdpHeader) == 1);

}  // namespace guideway
