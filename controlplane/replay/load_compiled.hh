// SPDX-License-Identifier: Apache-2.0
// Compiled bytes through the checks that a datapath makes of what comes through its door.
#pragma once

#include <memory>

#include "controlplane/compile/ledger.hh"
#include "dataplane/forwarding/snapshot.hh"

namespace guideway {

// Loads the tables that `held` does not have, then the snapshot. On success `held` has exactly the tables of
// `compiled`; on error it is unchanged.
[[nodiscard]] Result<std::unique_ptr<const Snapshot>> load_compiled(const Compiled& compiled, TableStore& held,
                                                                    const Capacities& capacities);

}  // namespace guideway
