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

// Where frames towards a backend leave.
struct Way {
  const DatapathPort* port = nullptr;
  std::uint16_t vlan = 0;
};

// A route over a VLAN of a kernel face leads through that face's port, with the VLAN's tag.
Way way_of(const ReachabilityInputs& inputs, const NextHop& hop) {
  if (const DatapathPort* port = port_of_interface(inputs, hop.interface)) return {port, 0};
  if (hop.vlan == 0) return {};
  return {port_of_interface(inputs, hop.parent_interface), hop.vlan};
}

// The way towards the backend, or a sentence why there is none.
Result<Way> way_towards(const BackendConfig& backend, const ReachabilityInputs& inputs,
                        const std::optional<NextHop>& hop) {
  if (inputs.ports.empty()) return failure("no datapath has said yet which ports it has");
  Way way = hop ? way_of(inputs, *hop) : Way{};
  // Whoever writes the MAC himself may do so because there is no kernel face to ask.
  if (way.port == nullptr && backend.mac) way = {port_zero(inputs), 0};
  if (way.port != nullptr) return way;
  if (!hop) return failure(inputs.why_unresolved(backend.address));
  return failure("the kernel reaches " + backend.address.text() + " by " + hop->interface +
                 ", which is neither the kernel face of a port of the datapath nor a VLAN of one");
}

Result<Reachability> reach(const BackendConfig& backend, const ReachabilityInputs& inputs) {
  const std::optional<NextHop> hop = inputs.next_hop(backend.address);
  auto way = way_towards(backend, inputs, hop);
  if (!way) return failure_of(way);
  if (backend.forward == Forward::l2 && !backend.mac && hop->gateway_or_self != backend.address) {
    return failure("it is behind the gateway " + hop->gateway_or_self.text() +
                   ", where forward = \"l2\" cannot reach it; use a tunnel, such as \"ipip\"");
  }
  Reachability result;
  result.next_hop_mac = backend.mac ? *backend.mac : hop->mac;
  result.source_mac = way->port->mac;
  result.port = static_cast<std::uint8_t>(way->port->number);
  result.vlan = backend.vlan != 0 ? backend.vlan : way->vlan;
  result.mtu_bytes = mtu_bytes(*way->port, hop);
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
      outcome.resolved.emplace_hint(outcome.resolved.end(), record.index, *reached);
    } else {
      outcome.unresolved.emplace_hint(outcome.unresolved.end(), record.index, reached.error().message);
    }
  }
  return outcome;
}

}  // namespace guideway
