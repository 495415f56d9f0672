// SPDX-License-Identifier: Apache-2.0
// Whether an address is this machine's own: then what is sent there never leaves, whatever the mark of its socket, and
// whoever answers is not the backend.
#pragma once

#include "dataplane/net/address.hh"

namespace guideway {

// By the kernel's routes at this moment; nothing is sent.
[[nodiscard]] bool is_own_address(const IpAddress& address);

}  // namespace guideway
