// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/reachability.hh"

#include <algorithm>

namespace guideway {
namespace {

bool is_zero(const IpAddress& address) { return address.bytes == IpAddress{}.bytes; }

const DatapathPort* port_of_interface(const ReachabilityInputs& inputs, const std::string& interface) {
  for (const DatapathPort& port : inputs.ports) {
    if (!port.kernel_face.empty() && port.kernel_face == interface) return &port;
  }
  return nullptr;
}

const DatapathPort* port_zero(const ReachabilityInputs& inputs) {
  for (const DatapathPort& port : inputs.ports) {
    if (port.number == 0) return &port;
  }
  return nullptr;
}

// The source of tunnelled packets: the configured one, else the kernel's for that route.
std::optional<AddressPrefix> outer_source(const BackendConfig& backend, const ReachabilityInputs& inputs,
                                          const std::optional<NextHop>& hop) {
  const auto& configured =
      backend.address.family == Family::ipv4 ? inputs.tunnel_source_ipv4 : inputs.tunnel_source_ipv6;
  if (configured) return configured;
  if (hop && !is_zero(hop->preferred_source) && hop->preferred_source.family == backend.address.family) {
    return AddressPrefix(hop->preferred_source);
  }
  return std::nullopt;
}

std::uint16_t mtu_bytes(const DatapathPort& port, const std::optional<NextHop>& hop) {
  std::uint32_t mtu = port.mtu_bytes != 0 ? port.mtu_bytes : 1500;
  if (hop && hop->mtu_bytes != 0) mtu = std::min<std::uint32_t>(mtu, hop->mtu_bytes);
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(mtu, 65535));
}

// The port towards the backend, or a sentence why there is none.
Result<const DatapathPort*> port_towards(const BackendConfig& backend, const ReachabilityInputs& inputs,
                                         const std::optional<NextHop>& hop) {
  if (inputs.ports.empty()) return failure("no datapath has said yet which ports it has");
  const DatapathPort* port = hop ? port_of_interface(inputs, hop->interface) : nullptr;
  // Whoever writes the MAC himself may do so because there is no kernel face to ask.
  if (port == nullptr && backend.mac) port = port_zero(inputs);
  if (port != nullptr) return port;
  if (!hop) return failure(inputs.why_unresolved(backend.address));
  return failure("the kernel reaches " + backend.address.text() + " by " + hop->interface +
                 ", which is the kernel face of no port of the datapath");
}

Result<Reachability> reach(const BackendConfig& backend, const ReachabilityInputs& inputs) {
  const std::optional<NextHop> hop = inputs.next_hop(backend.address);
  auto port = port_towards(backend, inputs, hop);
  if (!port) return failure_of(port);
  if (backend.forward == Forward::l2 && !backend.mac && hop->gateway_or_self != backend.address) {
    return failure("it is behind the gateway " + hop->gateway_or_self.text() +
                   ", where forward = \"l2\" cannot reach it; use \"ipip\"");
  }
  Reachability result;
  result.next_hop_mac = backend.mac ? *backend.mac : hop->mac;
  result.source_mac = (*port)->mac;
  result.port = static_cast<std::uint8_t>((*port)->number);
  result.mtu_bytes = mtu_bytes(**port, hop);
  if (is_tunnel(backend.forward)) {
    auto source = outer_source(backend, inputs, hop);
    if (!source) return failure("the kernel names no source address towards it; set tunnel_source");
    result.outer_source = *source;
  }
  return result;
}

}  // namespace

ReachabilityOutcome find_reachability(const std::map<BackendKey, BackendRecord>& backends,
                                      const ReachabilityInputs& inputs) {
  ReachabilityOutcome outcome;
  for (const auto& [key, record] : backends) {
    auto reached = reach(record.config, inputs);
    if (reached) {
      outcome.resolved[record.index] = *reached;
    } else {
      outcome.unresolved[record.index] = reached.error().message;
    }
  }
  return outcome;
}

}  // namespace guideway
