// SPDX-License-Identifier: Apache-2.0
// What stands between an outer IP header and the packet inside, beyond nothing (IP in IP).
#pragma once

#include "dataplane/net/endian.hh"

namespace guideway {

// GRE (RFC 2784). With a key (RFC 2890) four bytes follow.
struct GreHeader {
  be16 flags_and_version;
  be16 protocol_type;
};
static_assert(sizeof(GreHeader) == 4 && alignof(GreHeader) == 1);
inline constexpr std::uint16_t gre_has_key = 0x2000;

// Generic UDP encapsulation, variant 0, without options (draft-ietf-intarea-gue). Variant 1 has no header at all.
struct GueHeader {
  std::uint8_t variant_and_length;
  std::uint8_t protocol;
  be16 flags;
};
static_assert(sizeof(GueHeader) == 4 && alignof(GueHeader) == 1);

}  // namespace guideway
