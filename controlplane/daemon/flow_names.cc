// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/flow_names.hh"

#include <algorithm>
#include <cstring>

#include "controlplane/daemon/explain.hh"
#include "dataplane/net/endian.hh"
#include "ebpf/abi/flow_key.h"

namespace guideway {

FlowTargets flow_targets(const std::vector<ServiceConfig>& services, const std::string& service, Family family) {
  FlowTargets result;
  for (const ServiceConfig& each : services) {
    if (!service.empty() && each.name != service) continue;
    bool is_whole = each.port != 0;
    for (const AddressPrefix& prefix : each.addresses) {
      if (prefix.address.family != family) continue;
      is_whole = is_whole && prefix.is_one_address();
      if (!prefix.is_one_address() || each.port == 0) continue;
      for (std::uint32_t port = each.port; port <= std::max(each.port, each.port_last); ++port) {
        for (const Protocol protocol : each.protocol.list())
          result.targets.push_back({each.name, {prefix.address, static_cast<std::uint16_t>(port)}, protocol});
      }
    }
    if (!is_whole) result.left_out.push_back(each.name);
  }
  return result;
}

FlowNames::FlowNames(const std::array<std::uint8_t, 16>& hash_key, const IpAddress& client, std::uint16_t port,
                     std::vector<FlowTarget> targets)
    : client_(client), port_(port), targets_(std::move(targets)) {
  static_assert(sizeof key_ == sizeof hash_key);
  std::memcpy(&key_, hash_key.data(), sizeof key_);
}

bool FlowNames::name_next() {
  if (named_ == targets_.size()) return false;
  const FlowTarget& target = targets_[named_];
  gw_flow_key flow = flow_key_of({target.protocol, {client_, 0}, target.destination});
  for (std::uint32_t port = port_ == 0 ? 1 : port_; port <= (port_ == 0 ? 0xffffU : port_); ++port) {
    flow.source_port_be16 = be16(static_cast<std::uint16_t>(port)).raw();
    const std::uint64_t hash = gw_hash_flow(&key_, &flow);
    names_.emplace(hash == 0 ? 1 : hash, Name{named_, static_cast<std::uint16_t>(port)});
  }
  ++named_;
  return named_ < targets_.size();
}

std::optional<FlowNames::Name> FlowNames::find(std::uint64_t hash) const {
  const auto found = names_.find(hash);
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace guideway
