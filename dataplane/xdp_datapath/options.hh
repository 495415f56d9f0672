// SPDX-License-Identifier: Apache-2.0
// The command line of guideway-xdp, as a struct. Nothing but options.cc knows how it is written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/forwarding/capacities.hh"
#include "dataplane/xdp/attachment.hh"

namespace guideway {

enum class XdpCommand { serve, detach };

struct XdpDatapathOptions {
  XdpCommand command = XdpCommand::serve;
  std::string door_path = "/run/guideway/door.sock";
  std::string pin_directory = "/sys/fs/bpf/guideway/xdp";
  std::vector<std::string> interfaces;  // port numbers are their places
  XdpMode mode = XdpMode::automatic;
  Capacities capacities;
};

// Nothing if the command line only asked for help or the version, which has been printed.
[[nodiscard]] Result<std::optional<XdpDatapathOptions>> parse_options(int argc, const char* const* argv);

}  // namespace guideway
