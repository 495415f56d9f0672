// SPDX-License-Identifier: Apache-2.0
// How each backend is reached: the kernel's next hop, matched with the datapath's ports by their kernel faces. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/compile/ledger.hh"
#include "controlplane/neighbours/next_hop.hh"
#include "controlplane/publish/door_client.hh"

namespace guideway {

struct ReachabilityInputs {
  std::vector<DatapathPort> ports;  // none: no datapath was ever seen
  std::optional<AddressPrefix> tunnel_source_ipv4;
  std::optional<AddressPrefix> tunnel_source_ipv6;
  std::function<std::optional<NextHop>(const IpAddress&)> next_hop;
  std::function<std::string(const IpAddress&)> why_unresolved;
};

struct ReachabilityOutcome {
  ReachabilityByIndex resolved;
  std::map<std::uint32_t, std::string> unresolved;  // with a sentence each
};

[[nodiscard]] ReachabilityOutcome find_reachability(const std::map<BackendKey, BackendRecord>& backends,
                                                    const ReachabilityInputs& inputs);

}  // namespace guideway
