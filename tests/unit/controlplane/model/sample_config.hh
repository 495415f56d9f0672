// SPDX-License-Identifier: Apache-2.0
// A small configuration for tests: the services web (its own pool of three) and dns (in the pool shared).
#pragma once

#include <gtest/gtest.h>

#include "controlplane/config/load.hh"

namespace guideway {

inline Config sample_config() {
  auto config = load_config_text(R"(
hash_key = "00112233445566778899aabbccddeeff"

[[service]]
name = "web"
addresses = ["192.0.2.10", "2001:db8::10"]
port = 80
check = { http = "/health" }
backends = [
  { name = "a", address = "10.0.0.1" },
  { name = "b", address = "10.0.0.2" },
  { name = "c", address = "10.0.0.3", weight = 5 },
]

[[service]]
name = "dns"
address = "192.0.2.53"
port = 53
protocol = "udp"
pool = "shared"

[[pool]]
name = "shared"
backends = [ { name = "d", address = "10.0.0.4" }, { name = "e", address = "10.0.0.5" } ]
)",
                                 "sample.toml");
  if (!config) {
    ADD_FAILURE() << text_of(config.error());
    return {};
  }
  return *config;
}

inline const PoolConfig& pool_named(const Config& config, const std::string& name) {
  for (const PoolConfig& pool : config.pools) {
    if (pool.name == name) return pool;
  }
  ADD_FAILURE() << "no pool " << name;
  return config.pools.front();
}

inline const BackendConfig* backend_named(const Config& config, const std::string& pool, const std::string& name) {
  for (const BackendConfig& backend : pool_named(config, pool).backends) {
    if (backend.name == name) return &backend;
  }
  return nullptr;
}

}  // namespace guideway
