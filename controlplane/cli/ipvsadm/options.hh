// SPDX-License-Identifier: Apache-2.0
// The options of ipvsadm 1.31, each with what belongs to it: its letter, its name, its value, and the commands that
// take it. What Guideway has no counterpart of is known as well, so that it is refused with a reason.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"

namespace guideway::ipvsadm {

enum class Option {
  // commands
  add_service,
  edit_service,
  delete_service,
  add_server,
  edit_server,
  delete_server,
  clear,
  list,
  restore,
  save,
  zero,
  set_timeouts,
  help,
  version,
  // which service and server
  tcp_service,
  udp_service,
  real_server,
  // of a service
  scheduler,
  scheduler_flags,
  persistent,
  netmask,
  one_packet,
  // of a server
  gatewaying,
  tunnel,
  tunnel_type,
  tunnel_port,
  tunnel_no_checksum,
  weight,
  upper_threshold,
  lower_threshold,
  // of a list
  connections,
  timeouts,
  statistics,
  rates,
  thresholds,
  persistent_connections,
  tunnel_info,
  sort,
  no_sort,
  exact,
  numeric,
  // there is no such thing here
  refused,
};

struct CommandLine {
  Option command = Option::list;
  std::map<Option, std::vector<std::string>> options;  // each with its values, mostly one or none

  [[nodiscard]] bool has(Option option) const { return options.count(option) != 0; }
  // The value of an option that is there and takes one; empty if it takes one or none and had none.
  [[nodiscard]] std::string value(Option option) const {
    const auto found = options.find(option);
    return found == options.end() || found->second.empty() ? "" : found->second.front();
  }
};

// Words as typed, without the program's name. No words at all: list.
[[nodiscard]] Result<CommandLine> parse_options(const std::vector<std::string>& words);

}  // namespace guideway::ipvsadm
