// SPDX-License-Identifier: Apache-2.0
// Looks up what the machine has for either datapath.
#pragma once

#include <filesystem>
#include <string>

#include "controlplane/datapath/facts.hh"

namespace guideway {

[[nodiscard]] HostFacts find_host_facts();

// The parts that files tell, below `root` ("/" but for tests).
void read_host_files(const std::filesystem::path& root, HostFacts& facts);

// Where a program of ours is: beside this one, in PATH, in the usual folders, or in this build's own; empty if nowhere.
[[nodiscard]] std::string find_program(const std::string& name);

}  // namespace guideway
