// SPDX-License-Identifier: Apache-2.0
// Reads what a datapath says of itself, and refuses what cannot be.
#pragma once

#include "controlplane/publish/door_client.hh"

namespace guideway {

[[nodiscard]] Result<Datapath> read_welcome(const door::Welcome& welcome);

}  // namespace guideway
