// SPDX-License-Identifier: Apache-2.0
// From what is asked for and the verdicts to the command that runs the datapath.
#pragma once

#include <string>
#include <vector>

#include "controlplane/config/datapath_choice.hh"
#include "controlplane/datapath/facts.hh"
#include "dataplane/base/result.hh"

namespace guideway {

struct LaunchRequest {
  DatapathChoice choice = DatapathChoice::automatic;
  std::vector<std::string> ports;  // by number: an interface, a PCI address, or a device of DPDK's own
  std::string door = "/run/guideway/door.sock";
  std::vector<std::string> more;  // handed on to the datapath
};

// The program and its arguments. Fails with a sentence that names the port.
[[nodiscard]] Result<std::vector<std::string>> plan_launch(const LaunchRequest& request, const HostFacts& host,
                                                           const std::vector<NicFacts>& nics);

}  // namespace guideway
