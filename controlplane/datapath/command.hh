// SPDX-License-Identifier: Apache-2.0
// guideway datapath probe and guideway datapath start.
#pragma once

#include <iosfwd>
#include <string>

#include "controlplane/datapath/launch.hh"

namespace guideway {

struct DatapathProbeCommand {
  std::string interface;  // empty: all
  std::string pci;        // empty: all
  bool tries_native = false;
  bool json = false;
};

struct DatapathStartCommand {
  LaunchRequest request;
  bool only_prints = false;
};

// Each returns the exit status: 0, or 1 with a sentence on `error`. start does not return where it succeeds: the
// process becomes the datapath.
[[nodiscard]] int run_datapath_probe(const DatapathProbeCommand& command, std::ostream& output, std::ostream& error);
[[nodiscard]] int run_datapath_start(const DatapathStartCommand& command, std::ostream& output, std::ostream& error);

}  // namespace guideway
