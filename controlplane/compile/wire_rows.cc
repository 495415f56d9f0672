// SPDX-License-Identifier: Apache-2.0
#include "controlplane/compile/wire_rows.hh"

#include <algorithm>
#include <cstring>

#include "dataplane/net/endian.hh"

namespace guideway {
namespace {

std::uint32_t ticks_of(std::uint32_t milliseconds) {
  const std::uint64_t ticks = (std::uint64_t{milliseconds} * GW_TICKS_PER_SECOND + 999) / 1000;
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(ticks, 1));
}

gw_scheduler wire(Scheduler scheduler) {
  switch (scheduler) {
    case Scheduler::maglev:
      return GW_SCHEDULER_MAGLEV;
    case Scheduler::round_robin:
      return GW_SCHEDULER_ROUND_ROBIN;
    case Scheduler::source:
      return GW_SCHEDULER_SOURCE;
    case Scheduler::random:
      return GW_SCHEDULER_RANDOM;
    case Scheduler::least_connections:
      return GW_SCHEDULER_LEAST_CONNECTIONS;
  }
  return GW_SCHEDULER_MAGLEV;
}

gw_policy wire(NoBackendPolicy policy) {
  switch (policy) {
    case NoBackendPolicy::drop:
      return GW_POLICY_DROP;
    case NoBackendPolicy::fail_open:
      return GW_POLICY_FAIL_OPEN;
    case NoBackendPolicy::reject:
      return GW_POLICY_REJECT;
  }
  return GW_POLICY_DROP;
}

gw_forward wire(Forward forward, const TunnelConfig& tunnel) {
  switch (forward) {
    case Forward::l2:
      return GW_FORWARD_L2;
    case Forward::ipip:
      return GW_FORWARD_IPIP;
    case Forward::gue:
      return tunnel.gue_variant == 0 ? GW_FORWARD_GUE : GW_FORWARD_GUE_DIRECT;
    case Forward::gre:
      return GW_FORWARD_GRE;
    case Forward::l3dsr:
      return GW_FORWARD_L3DSR;
  }
  return GW_FORWARD_L2;
}

std::uint16_t flags_of(const ServiceConfig& service, Protocol protocol) {
  unsigned flags = service.access.allow.empty() ? 0 : GW_SERVICE_DENIES_BY_DEFAULT;
  const bool is_udp = protocol == Protocol::udp;
  if (is_udp && service.udp != UdpMode::follow) {
    flags |= GW_SERVICE_REMEMBERS_NOTHING;
    if (service.udp == UdpMode::packet) flags |= GW_SERVICE_PER_PACKET;
  } else if (is_udp || !is_consistent(service.scheduler)) {
    flags |= GW_SERVICE_FOLLOWS_EVERY_FLOW;
  }
  return static_cast<std::uint16_t>(flags);
}

void fill_timeouts(gw_service& row, const ServiceConfig& service, Protocol protocol) {
  const bool is_second = service.protocol == ServiceProtocol::both() && protocol == Protocol::udp;
  row.idle_ticks = ticks_of(is_second ? service.udp_idle_timeout_ms : service.idle_timeout_ms);
  row.opening_ticks = ticks_of(is_second ? service.udp_opening_timeout_ms : service.opening_timeout_ms);
  row.closing_ticks = ticks_of(service.closing_timeout_ms);
}

void fill_limits(gw_service& row, const ServiceConfig& service, bool is_ipv4) {
  row.flow_rate = service.new_flows.per_second;
  row.flow_burst = service.new_flows.burst;
  row.source_flow_rate = service.source_flows.per_second;
  row.source_flow_burst = service.source_flows.burst;
  if (row.source_flow_rate != 0)
    row.limit_source_bits = is_ipv4 ? service.source_flows_bits_ipv4 : service.source_flows_bits_ipv6;
}

// How its packets look, whether or not the way to it is known.
void fill_mode(gw_backend& row, const BackendConfig& backend) {
  row.forward = wire(backend.forward, backend.tunnel);
  row.weight = static_cast<std::uint16_t>(std::clamp<std::uint32_t>(backend.weight, 1, 65535));
  if (backend.forward == Forward::gue) row.tunnel_id = backend.tunnel.gue_port;
  if (backend.forward == Forward::gre && backend.tunnel.gre_key) {
    row.tunnel_id = *backend.tunnel.gre_key;
    row.flags |= GW_BACKEND_HAS_KEY;
  }
  if (is_tunnel(backend.forward) && backend.tunnel.mss_clamp) row.flags |= GW_BACKEND_CLAMPS_MSS;
}

}  // namespace

gw_service wire_row(const ServiceConfig& service, const AddressPrefix& address, Protocol protocol) {
  const bool is_ipv4 = address.address.family == Family::ipv4;
  gw_service row{};
  std::copy(address.address.bytes.begin(), address.address.bytes.end(), row.key.address);
  row.key.port_be16 = be16(service.port).raw();
  row.key.protocol = static_cast<std::uint8_t>(protocol);
  row.key.family = static_cast<std::uint8_t>(address.address.family);
  row.key.prefix_bits = address.bits;
  row.port_last = service.port_last;
  row.scheduler = wire(service.scheduler);
  if (service.scheduler == Scheduler::source)
    row.source_bits = is_ipv4 ? service.source_bits_ipv4 : service.source_bits_ipv6;
  row.policy = wire(service.policy);
  row.flags = flags_of(service, protocol);
  row.dscp = service.dscp;
  fill_timeouts(row, service, protocol);
  fill_limits(row, service, is_ipv4);
  return row;
}

gw_backend wire_row(const BackendRecord& record, const Reachability* found) {
  const BackendConfig& backend = record.config;
  gw_backend row{};
  row.index = record.index;
  row.family = static_cast<std::uint8_t>(backend.address.family);
  std::copy(backend.address.bytes.begin(), backend.address.bytes.end(), row.address);
  row.outer_source_bits = AddressPrefix::bits_of(backend.address.family);
  fill_mode(row, backend);
  if (found == nullptr) return row;
  const Reachability& reach = *found;
  row.flags |= GW_BACKEND_RESOLVED;
  row.port = reach.port;
  row.mtu_bytes = reach.mtu_bytes;
  row.vlan = backend.vlan != 0 ? backend.vlan : reach.vlan;
  std::copy(reach.next_hop_mac.bytes.begin(), reach.next_hop_mac.bytes.end(), row.next_hop_mac);
  std::copy(reach.source_mac.bytes.begin(), reach.source_mac.bytes.end(), row.source_mac);
  const bool is_of_family = reach.outer_source.address.family == backend.address.family;
  if (!is_tunnel(backend.forward) || !is_of_family) return row;
  const AddressPrefix source = reach.outer_source.network();
  row.outer_source_bits = source.bits;
  std::copy(source.address.bytes.begin(), source.address.bytes.end(), row.outer_source);
  return row;
}

gw_access_prefix wire_row(const AddressPrefix& prefix, std::uint32_t list, bool allows) {
  gw_access_prefix row{};
  std::copy(prefix.address.bytes.begin(), prefix.address.bytes.end(), row.address);
  row.list = list;
  row.family = static_cast<std::uint8_t>(prefix.address.family);
  row.bits = prefix.bits;
  row.allows = allows ? 1 : 0;
  return row;
}

gw_snapshot_header wire_header(const Config& config, std::uint64_t generation) {
  gw_snapshot_header header{};
  header.magic = GW_SNAPSHOT_MAGIC;
  header.abi_version = GW_ABI_VERSION;
  header.generation = generation;
  std::memcpy(&header.hash_key, config.hash_key.data(), sizeof header.hash_key);
  header.answers.echo = config.answers.echo_per_second;
  header.answers.too_big = config.answers.too_big_per_second;
  header.answers.reject = config.answers.reject_per_second;
  if (config.answers.echo_to_kernel) header.flags |= GW_SNAPSHOT_ECHO_TO_KERNEL;
  return header;
}

}  // namespace guideway
