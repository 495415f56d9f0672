// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/launch_options.hh"

#include "controlplane/config/load.hh"

namespace guideway {

Result<LaunchRequest> launch_request(const LaunchOptions& options) {
  LaunchRequest request;
  const std::string file = options.config.empty() && options.ports.empty() ? default_config_file : options.config;
  if (!file.empty()) {
    auto config = load_config(file);
    if (!config) return failure(text_of(config.error()));
    request.choice = config->datapath;
    request.ports = std::move(config->ports);
    request.door = std::move(config->door);
  }
  if (options.choice) request.choice = *options.choice;
  if (!options.ports.empty()) request.ports = options.ports;
  if (options.door) request.door = *options.door;
  request.more = options.more;
  return request;
}

}  // namespace guideway
