// SPDX-License-Identifier: Apache-2.0
// Configurations, services, pools and backends as JSON: the same keys and the same checks as in TOML, because both are
// read by the same code. config_from_json(to_json(config)) is config again: this is how the daemon keeps its state.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/config/schema.hh"
#include "dataplane/base/result.hh"

namespace guideway {

struct ServiceAndPool {
  ServiceConfig service;
  // The pool as it must be together with the service: one of its own with the service's name, if the JSON lists
  // backends; otherwise the existing pool it names, with the ports of its checks filled in. Replaces one of that name.
  PoolConfig pool;
};

// One service to add to `config`, written as under [[service]]. Does not look at what else `config` holds:
// put both in and validate() the whole.
[[nodiscard]] Result<ServiceAndPool> service_from_json(const nlohmann::json& json, const Config& config);
// One backend to add to a pool of `config`, as an element of `backends`: a table or "ADDRESS[:CHECKPORT]". It
// inherits from the pool.
[[nodiscard]] Result<BackendConfig> backend_from_json(const nlohmann::json& json, const std::string& pool,
                                                      const Config& config);
[[nodiscard]] Result<Config> config_from_json(const nlohmann::json& json);

[[nodiscard]] nlohmann::json to_json(const CheckConfig& check);
[[nodiscard]] nlohmann::json to_json(const BackendConfig& backend);
[[nodiscard]] nlohmann::json to_json(const PoolConfig& pool);
[[nodiscard]] nlohmann::json to_json(const ServiceConfig& service);
[[nodiscard]] nlohmann::json to_json(const Config& config);
// Everything but pools and services.
[[nodiscard]] nlohmann::json settings_json(const Config& config);

}  // namespace guideway
