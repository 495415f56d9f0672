// SPDX-License-Identifier: Apache-2.0
// The keys at the top of the main file: the hash key, sockets, directories, tunnel sources, what to include.
#pragma once

#include <string>
#include <vector>

#include "controlplane/config/schema.hh"
#include "controlplane/config/table_reader.hh"

namespace guideway {

// Fills `config` and returns the include patterns.
std::vector<std::string> read_top(TableReader& reader, Config& config);
// In an included file none of these keys may stand.
void refuse_top(TableReader& reader);

}  // namespace guideway
