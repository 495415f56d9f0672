// SPDX-License-Identifier: Apache-2.0
// The keys that say which datapath runs, and on what.
#pragma once

#include "controlplane/config/schema.hh"
#include "controlplane/config/table_reader.hh"

namespace guideway {

void read_datapath(TableReader& reader, Config& config);

}  // namespace guideway
