// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/xdp/bed.hh"

#include <unistd.h>

#include <array>
#include <string>

#include "controlplane/compile/ledger.hh"
#include "controlplane/replay/load_compiled.hh"
#include "dataplane/xdp/snapshot_maps.hh"

namespace guideway::bench {
namespace {

struct ServiceShape {
  ServiceKind kind;
  std::string_view name;
  std::string_view ipv4;
  Protocol protocol;
  Forward forward;
  Scheduler scheduler;
  UdpMode udp;
};

constexpr std::array<ServiceShape, 6> shapes{{
    {ServiceKind::ipip, "ipip", "192.0.2.1", Protocol::tcp, Forward::ipip, Scheduler::maglev, UdpMode::follow},
    {ServiceKind::l2, "l2", "192.0.2.2", Protocol::tcp, Forward::l2, Scheduler::maglev, UdpMode::follow},
    {ServiceKind::gue, "gue", "192.0.2.3", Protocol::tcp, Forward::gue, Scheduler::maglev, UdpMode::follow},
    {ServiceKind::followed, "followed", "192.0.2.4", Protocol::tcp, Forward::ipip, Scheduler::round_robin,
     UdpMode::follow},
    {ServiceKind::udp, "udp", "192.0.2.5", Protocol::udp, Forward::ipip, Scheduler::maglev, UdpMode::follow},
    {ServiceKind::udp_hash, "udp_hash", "192.0.2.6", Protocol::udp, Forward::ipip, Scheduler::maglev, UdpMode::hash},
}};

PoolConfig pool_of(std::string_view name, std::string_view prefix, Forward forward) {
  PoolConfig pool;
  pool.name = name;
  for (std::uint32_t i = 0; i < backends_each; ++i) {
    BackendConfig backend;
    backend.address = *IpAddress::parse(std::string(prefix) + std::to_string(i + 1));
    backend.name = backend.address.text();
    backend.forward = forward;
    pool.backends.push_back(backend);
  }
  return pool;
}

ServiceConfig service_of(const ServiceShape& shape) {
  ServiceConfig service;
  service.name = service.pool = shape.name;
  service.addresses = {*IpAddress::parse(shape.ipv4)};
  service.port = service_port;
  service.protocol = shape.protocol;
  service.scheduler = shape.scheduler;
  service.udp = shape.udp;
  service.table_slots = 65537;
  return service;
}

Config config_of_all() {
  Config config;
  config.hash_key = {1, 2, 3};
  for (const ServiceShape& shape : shapes) {
    config.pools.push_back(pool_of(shape.name, "10.0.0.", shape.forward));
    config.services.push_back(service_of(shape));
  }
  config.pools.push_back(pool_of("ipv6", "fd00::", Forward::ipip));
  ServiceConfig ipv6 = service_of(shapes[0]);
  ipv6.name = ipv6.pool = "ipv6";
  ipv6.addresses = {*IpAddress::parse(ipv6_address())};
  config.services.push_back(ipv6);
  return config;
}

Reachability reached(const BackendRecord& record) {
  Reachability reachability;
  reachability.next_hop_mac.bytes = {2, 0, 0, 0, 0, 1};
  reachability.source_mac.bytes = {2, 0, 0, 0, 0, 2};
  const bool is_ipv4 = record.config.address.family == Family::ipv4;
  reachability.outer_source = *IpAddress::parse(is_ipv4 ? "10.1.0.1" : "fd01::1");
  return reachability;
}

Result<std::unique_ptr<XdpProgram>> load_as_attached(const Capacities& capacities) {
  XdpOptions options;
  options.capacities = capacities;
  options.worker_count = static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_CONF));
  options.decision_is_told = false;
  options.listener_holds_fragments = true;
  options.flows_wander = true;
  return XdpProgram::load(options);
}

}  // namespace

std::string_view ipv4_address(ServiceKind kind) {
  for (const ServiceShape& shape : shapes) {
    if (shape.kind == kind) return shape.ipv4;
  }
  return {};
}

std::string_view ipv6_address() { return "2001:db8::1"; }

Result<std::unique_ptr<XdpProgram>> make_bed(const Capacities& capacities) {
  auto program = load_as_attached(capacities);
  if (!program) return program;
  Ledger ledger((*program)->capacities());
  if (auto adopted = ledger.adopt(config_of_all(), {}, 0); !adopted) return failure_of(adopted);
  ReachabilityByIndex reachability;
  for (const auto& [key, record] : ledger.backends()) {
    reachability[record.index] = reached(record);
    (*program)->health().store(record.index, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, 0, record.generation));
  }
  TableStore tables;
  const auto snapshot = load_compiled(ledger.compile(1, reachability), tables, (*program)->capacities());
  if (!snapshot) return failure_of(snapshot);
  auto maps = SnapshotMaps::create(**program);
  if (!maps) return failure_of(maps);
  if (auto published = maps->publish(**snapshot); !published) return failure_of(published);
  return program;
}

}  // namespace guideway::bench
