// SPDX-License-Identifier: Apache-2.0
#include "controlplane/replay/command.hh"

#include <iostream>

#include "controlplane/config/load.hh"

namespace guideway {

int run_replay(const ReplayCommand& command) {
  const auto config = load_config(command.config);
  if (!config) {
    for (const ConfigError& error : config.error()) std::cerr << error.text() << '\n';
    return 1;
  }
  const auto report = replay(*config, command.options);
  if (!report) {
    std::cerr << "guideway replay: " << report.error().message << '\n';
    return 1;
  }
  std::cout << (command.json ? report_json(*report) : report_text(*report)) << '\n';
  return 0;
}

}  // namespace guideway
