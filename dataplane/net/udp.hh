// SPDX-License-Identifier: Apache-2.0
// UDP header (RFC 768).
#pragma once

#include "dataplane/net/endian.hh"

namespace guideway {

struct [[gnu::packed]] UdpHeader {
  be16 source_port;
  be16 destination_port;
  be16 length;
  std::uint16_t checksum;
};
static_assert(sizeof(UdpHeader) == 8 && alignof(UdpHeader) == 1);

}  // namespace guideway
