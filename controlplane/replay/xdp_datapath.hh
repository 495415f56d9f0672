// SPDX-License-Identifier: Apache-2.0
// The XDP program of the second datapath, loaded into the kernel and run packet by packet. Needs the right to load BPF.
#pragma once

#include <memory>

#include "controlplane/replay/replay_datapath.hh"
#include "dataplane/forwarding/capacities.hh"

namespace guideway {

// An error where the kernel refuses, or where this program was built without XDP.
[[nodiscard]] Result<std::unique_ptr<ReplayDatapath>> make_xdp_datapath(const Capacities& capacities);

}  // namespace guideway
