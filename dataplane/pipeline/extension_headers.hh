// SPDX-License-Identifier: Apache-2.0
// The chain of IPv6 extension headers (docs/packet-path.md, section 1.3), of a received packet and of a quoted one.
#pragma once

#include <cstdint>

#include "dataplane/pipeline/header_cursor.hh"
#include "ebpf/abi/exits.h"

namespace guideway {

struct ExtensionWalk {
  gw_exit exit = GW_EXIT_SENT;  // other than sent: why the chain is impossible
  std::uint8_t protocol = 0;    // of what the cursor stands in front of afterwards
  bool is_fragment = false;     // a fragment header that is not atomic was met
  bool is_later = false;        // it had an offset: the walk ended there, `protocol` is its next header
  std::uint32_t identification = 0;
};

// Hop-by-hop options, routing, destination options, fragment.
[[nodiscard]] bool is_walked(std::uint8_t header) noexcept;

// Moves `at`, which stands behind the IPv6 header, in front of the first header that is not walked.
[[nodiscard]] ExtensionWalk walk_extensions(HeaderCursor& at, std::uint8_t first) noexcept;

}  // namespace guideway
