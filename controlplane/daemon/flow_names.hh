// SPDX-License-Identifier: Apache-2.0
// A table remembers a flow by its keyed hash alone. This tells which hash which flow of one client would have, so that
// its flows can be found there and called by their names. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "controlplane/config/schema.hh"
#include "dataplane/net/address.hh"
#include "ebpf/abi/siphash.h"

namespace guideway {

// An address, port and protocol of a service, as the far end of a client's flow.
struct FlowTarget {
  std::string service;
  Endpoint destination;
  Protocol protocol = Protocol::tcp;
};

struct FlowTargets {
  std::vector<FlowTarget> targets;
  std::vector<std::string> left_out;  // services that are prefixes or have any port: their flows have too many names
};

// Of these services, for clients of that family. `service`: only this one; empty: all.
[[nodiscard]] FlowTargets flow_targets(const std::vector<ServiceConfig>& services, const std::string& service,
                                       Family family);

class FlowNames {
 public:
  struct Name {
    std::uint32_t target;  // index into the targets
    std::uint16_t port;    // of the client
  };

  // `port` 0: any.
  FlowNames(const std::array<std::uint8_t, 16>& hash_key, const IpAddress& client, std::uint16_t port,
            std::vector<FlowTarget> targets);

  // Names the flows to the next target: 65,535 hashes at the most. False once all are named.
  bool name_next();
  [[nodiscard]] std::optional<Name> find(std::uint64_t hash) const;
  [[nodiscard]] const FlowTarget& target(const Name& name) const { return targets_[name.target]; }
  [[nodiscard]] Endpoint client(const Name& name) const { return {client_, name.port}; }

 private:
  gw_hash_key key_{};
  IpAddress client_;
  std::uint16_t port_;
  std::vector<FlowTarget> targets_;
  std::uint32_t named_ = 0;
  std::unordered_map<std::uint64_t, Name> names_;
};

}  // namespace guideway
