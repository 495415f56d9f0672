// SPDX-License-Identifier: Apache-2.0
// What `guideway datapath start` is told: by options, and where they are silent by the configuration.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controlplane/datapath/launch.hh"
#include "dataplane/base/result.hh"

namespace guideway {

struct LaunchOptions {
  std::string config;  // empty: default_config_file where no port is given, else none
  std::optional<DatapathChoice> choice;
  std::vector<std::string> ports;
  std::optional<std::string> door;
  std::vector<std::string> more;
};

inline constexpr const char* default_config_file = "/etc/guideway/guideway.toml";

// Fails where there is a configuration to read and it has mistakes, with all of them.
[[nodiscard]] Result<LaunchRequest> launch_request(const LaunchOptions& options);

}  // namespace guideway
