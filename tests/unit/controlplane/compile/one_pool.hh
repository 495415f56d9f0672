// SPDX-License-Identifier: Apache-2.0
// A service of one pool with backends as wanted, for tests of the ledger.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controlplane/compile/ledger.hh"

namespace guideway {

inline constexpr Capacities ledger_capacities{.services_max = 8, .backends_max = 16, .flows_max = 64};

inline BackendConfig backend(const std::string& address, std::uint32_t weight = 1) {
  BackendConfig config;
  config.name = address;
  config.address = *IpAddress::parse(address);
  config.weight = weight;
  return config;
}

inline Config config_of(std::vector<BackendConfig> backends) {
  Config config;
  PoolConfig pool;
  pool.name = "web";
  pool.backends = std::move(backends);
  ServiceConfig service;
  service.name = "web";
  service.addresses = {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")};
  service.port = 80;
  service.pool = "web";
  service.table_slots = 251;
  service.idle_timeout_ms = 1000;
  config.pools = {pool};
  config.services = {service};
  return config;
}

inline const BackendFacts nothing_remembered{[](std::uint32_t) { return true; }, [](std::uint32_t) { return 0ULL; }};

}  // namespace guideway
