// SPDX-License-Identifier: Apache-2.0
// Values to JSON, everything spelled out, nothing left to a default that may change.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/duration.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/words.hh"

namespace guideway {

nlohmann::json to_json(const CheckConfig& check) {
  if (check.kind == CheckKind::none) return "none";
  nlohmann::json json{{"type", name_of(check.kind)},
                      {"port", check.port},
                      {"interval", duration_text(check.interval_ms)},
                      {"timeout", duration_text(check.timeout_ms)},
                      {"rise", check.rise},
                      {"fall", check.fall},
                      {"jitter_percent", check.jitter_percent}};
  if (check.kind != CheckKind::http) return json;
  json["path"] = check.path;
  json["host"] = check.host;
  json["status"] = fmt::format("{}-{}", check.status_min, check.status_max);
  return json;
}

nlohmann::json to_json(const BackendConfig& backend) {
  nlohmann::json json{{"name", backend.name},
                      {"address", backend.address.text()},
                      {"weight", backend.weight},
                      {"forward", name_of(backend.forward)},
                      {"check", to_json(backend.check)},
                      {"state", name_of(backend.administrative)}};
  if (backend.port != 0) json["port"] = backend.port;
  if (backend.mac) json["mac"] = backend.mac->text();
  return json;
}

nlohmann::json to_json(const PoolConfig& pool) {
  nlohmann::json backends = nlohmann::json::array();
  for (const BackendConfig& backend : pool.backends) backends.push_back(to_json(backend));
  return {{"name", pool.name},
          {"forward", name_of(pool.defaults.forward)},
          {"weight", pool.defaults.weight},
          {"check", to_json(pool.defaults.check)},
          {"slow_start", duration_text(pool.slow_start_ms)},
          {"backends", std::move(backends)}};
}

nlohmann::json to_json(const ServiceConfig& service) {
  nlohmann::json addresses = nlohmann::json::array();
  for (const IpAddress& address : service.addresses) addresses.push_back(address.text());
  nlohmann::json json{{"name", service.name},
                      {"addresses", std::move(addresses)},
                      {"port", service.port},
                      {"protocol", name_of(service.protocol)},
                      {"pool", service.pool},
                      {"scheduler", name_of(service.scheduler)},
                      {"when_none", name_of(service.policy)},
                      {"table_slots", service.table_slots},
                      {"idle_timeout", duration_text(service.idle_timeout_ms)},
                      {"opening_timeout", duration_text(service.opening_timeout_ms)}};
  if (service.protocol == Protocol::udp)
    json["udp"] = name_of(service.udp);
  else
    json["closing_timeout"] = duration_text(service.closing_timeout_ms);
  return json;
}

nlohmann::json to_json(const Config& config) {
  std::string key;
  for (const std::uint8_t byte : config.hash_key) key += fmt::format("{:02x}", byte);
  nlohmann::json json{{"hash_key", key},
                      {"door", config.door},
                      {"api", config.api},
                      {"state_directory", config.state_directory},
                      {"pool", nlohmann::json::array()},
                      {"service", nlohmann::json::array()},
                      {"tunnel_source", nlohmann::json::array()}};
  for (const auto& source : {config.tunnel_source_ipv4, config.tunnel_source_ipv6}) {
    if (source) json["tunnel_source"].push_back(source->text());
  }
  for (const PoolConfig& pool : config.pools) json["pool"].push_back(to_json(pool));
  for (const ServiceConfig& service : config.services) json["service"].push_back(to_json(service));
  return json;
}

}  // namespace guideway
