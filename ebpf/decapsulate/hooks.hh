// SPDX-License-Identifier: Apache-2.0
// Hooks of the kernel that the program can hang on: an XDP link, or a tc filter on clsact.
#pragma once

#include <string>

#include "dataplane/base/result.hh"
#include "ebpf/decapsulate/decapsulate.h"
#include "ebpf/decapsulate/place.hh"

namespace guideway::decapsulate {

// Native, else generic; `why_not_native` says why. The link is pinned.
[[nodiscard]] Result<gw_decapsulate_mode> hang_on_xdp(const Place& place, int program_fd, bool native_only,
                                                      std::string& why_not_native);

// Fills in what take_off_tc() will need.
[[nodiscard]] Result<void> hang_on_tc(const Place& place, int program_fd, gw_decapsulate_attachment& attachment);
[[nodiscard]] Result<void> take_off_tc(const Place& place, const gw_decapsulate_attachment& attachment);

// Whether the interface still runs the program.
[[nodiscard]] bool hangs(const Place& place, const gw_decapsulate_attachment& attachment);

}  // namespace guideway::decapsulate
