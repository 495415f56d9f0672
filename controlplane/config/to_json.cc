// SPDX-License-Identifier: Apache-2.0
// Values to JSON, everything spelled out, nothing left to a default that may change.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/duration.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/words.hh"

namespace guideway {

namespace {

void add_tls(nlohmann::json& json, const CheckQuestion& question) {
  if (!may_use_tls(question.kind)) return;
  // Where the type does not say it.
  if (name_of(question) == name_of(question.kind)) json["tls"] = question.tls;
  if (!question.tls) return;
  json["server_name"] = question.server_name;
  json["verify"] = question.verify;
  if (question.verify) json["ca_file"] = question.ca_file;
  json["certificate_days"] = question.certificate_days;
}

void add_http(nlohmann::json& json, const CheckQuestion& question) {
  json["method"] = question.method;
  json["path"] = question.path;
  json["host"] = question.host;
  json["headers"] = question.headers;
  json["body"] = question.body;
  json["status"] = nlohmann::json::array();
  for (const StatusRange& range : question.status)
    json["status"].push_back(fmt::format("{}-{}", range.least, range.most));
}

void add_dns(nlohmann::json& json, const CheckQuestion& question) {
  json["query"] = question.query;
  json["record"] = question.record;
  json["answer"] = question.answer;
  json["transport"] = name_of(question.transport);
}

void add_words(nlohmann::json& json, const CheckQuestion& question) {
  const CheckKind kind = question.kind;
  if (kind == CheckKind::tcp || kind == CheckKind::udp || kind == CheckKind::agent) json["send"] = question.send;
  if (kind == CheckKind::tcp || kind == CheckKind::udp) json["expect"] = question.expect;
  if (kind == CheckKind::redis) json["password"] = question.password;
  if (kind == CheckKind::postgresql || kind == CheckKind::mysql) json["user"] = question.user;
  if (kind == CheckKind::postgresql) json["database"] = question.database;
  if (kind == CheckKind::grpc) json.update({{"host", question.host}, {"grpc_service", question.grpc_service}});
  if (kind == CheckKind::dns) add_dns(json, question);
  if (kind == CheckKind::program) json.update({{"program", question.program}, {"arguments", question.arguments}});
}

}  // namespace

nlohmann::json to_json(const CheckConfig& check) {
  if (check.kind == CheckKind::none) return "none";
  nlohmann::json json{{"type", name_of(check)},
                      {"interval", duration_text(check.interval_ms)},
                      {"fast_interval", duration_text(check.fast_interval_ms)},
                      {"down_interval", duration_text(check.down_interval_ms)},
                      {"timeout", duration_text(check.timeout_ms)},
                      {"rise", check.rise},
                      {"fall", check.fall},
                      {"jitter_percent", check.jitter_percent}};
  if (has_port(check.kind)) json["port"] = check.port;
  if (may_go_through_service(check.kind)) json["through"] = name_of(check.through);
  add_tls(json, check);
  if (check.kind == CheckKind::http) add_http(json, check);
  add_words(json, check);
  return json;
}

namespace {

// What the mode uses; of a pool also what differs from the default, for those of its backends that use it.
void add_tunnel(nlohmann::json& json, Forward forward, const TunnelConfig& tunnel) {
  const TunnelConfig fresh;
  if (forward == Forward::gue || tunnel.gue_variant != fresh.gue_variant) json["gue_variant"] = tunnel.gue_variant;
  if (forward == Forward::gue || tunnel.gue_port != fresh.gue_port) json["gue_port"] = tunnel.gue_port;
  if (tunnel.gre_key) json["gre_key"] = *tunnel.gre_key;
  if (is_tunnel(forward) || tunnel.mss_clamp) json["mss_clamp"] = tunnel.mss_clamp;
}

nlohmann::json texts(const std::vector<AddressPrefix>& prefixes) {
  nlohmann::json list = nlohmann::json::array();
  for (const AddressPrefix& prefix : prefixes) list.push_back(prefix.text());
  return list;
}

void add_limits(nlohmann::json& json, const ServiceConfig& service) {
  if (!service.access.allow.empty()) json["allow"] = texts(service.access.allow);
  if (!service.access.deny.empty()) json["deny"] = texts(service.access.deny);
  if (service.new_flows.per_second != 0) {
    json["new_flows_per_second"] = service.new_flows.per_second;
    json["new_flows_burst"] = service.new_flows.burst;
  }
  if (service.source_flows.per_second == 0) return;
  json["source_flows_per_second"] = service.source_flows.per_second;
  json["source_flows_burst"] = service.source_flows.burst;
  json["source_flows_bits_ipv4"] = service.source_flows_bits_ipv4;
  json["source_flows_bits_ipv6"] = service.source_flows_bits_ipv6;
}

nlohmann::json to_json(const AnswersConfig& answers) {
  nlohmann::json json{{"echo", answers.echo_to_kernel ? "kernel" : "answer"},
                      {"too_big_per_second", answers.too_big_per_second},
                      {"reject_per_second", answers.reject_per_second}};
  if (!answers.echo_to_kernel) json["echo_per_second"] = answers.echo_per_second;
  return json;
}

nlohmann::json to_json(const ApiTlsConfig& tls) {
  return {{"listen", tls.listen.text()},
          {"certificate", tls.certificate},
          {"key", tls.key},
          {"client_ca", tls.client_ca},
          {"administrators", tls.administrators}};
}

}  // namespace

namespace {

// One alone, or the list of several. `T`: a backend, or what it has of its pool.
template <typename T>
nlohmann::json checks_json(const T& of) {
  if (of.further_checks.empty()) return to_json(of.check);
  nlohmann::json list = nlohmann::json::array({to_json(of.check)});  // not {to_json()}: compilers differ in that
  for (const CheckConfig& check : of.further_checks) list.push_back(to_json(check));
  return list;
}

}  // namespace

nlohmann::json to_json(const BackendConfig& backend) {
  nlohmann::json json{{"name", backend.name},
                      {"address", backend.address.text()},
                      {"weight", backend.weight},
                      {"forward", name_of(backend.forward)},
                      {"check", checks_json(backend)},
                      {"checks", name_of(backend.checks)},
                      {"state", name_of(backend.administrative)}};
  if (backend.port != 0) json["port"] = backend.port;
  if (backend.mac) json["mac"] = backend.mac->text();
  if (backend.vlan != 0) json["vlan"] = backend.vlan;
  add_tunnel(json, backend.forward, backend.tunnel);
  return json;
}

nlohmann::json to_json(const PoolConfig& pool) {
  nlohmann::json backends = nlohmann::json::array();
  for (const BackendConfig& backend : pool.backends) backends.push_back(to_json(backend));
  nlohmann::json json{{"name", pool.name},
                      {"forward", name_of(pool.defaults->forward)},
                      {"weight", pool.defaults->weight},
                      {"check", checks_json(*pool.defaults)},
                      {"checks", name_of(pool.defaults->checks)},
                      {"slow_start", duration_text(pool.slow_start_ms)},
                      {"flap_hold", duration_text(pool.health.flap_hold_ms)},
                      {"flap_hold_max", duration_text(pool.health.flap_hold_max_ms)},
                      {"panic_percent", pool.health.panic_percent},
                      {"quorum", pool.health.quorum},
                      {"quorum_up", pool.health.quorum_up},
                      {"quorum_down", pool.health.quorum_down},
                      {"quorum_hook_timeout", duration_text(pool.health.quorum_hook_timeout_ms)},
                      {"load_feedback", pool.health.load_feedback == LoadFeedbackKind::latency ? "latency" : "off"},
                      {"backends", std::move(backends)}};
  if (!pool.backup_pool.empty()) json["backup_pool"] = pool.backup_pool;
  add_tunnel(json, pool.defaults->forward, pool.defaults->tunnel);
  return json;
}

nlohmann::json to_json(const ServiceConfig& service) {
  nlohmann::json json{{"name", service.name},
                      {"addresses", texts(service.addresses)},
                      {"port", service.port},
                      {"protocol", name_of(service.protocol)},
                      {"pool", service.pool},
                      {"scheduler", name_of(service.scheduler)},
                      {"when_none", name_of(service.policy)},
                      {"table_slots", service.table_slots},
                      {"idle_timeout", duration_text(service.idle_timeout_ms)},
                      {"opening_timeout", duration_text(service.opening_timeout_ms)}};
  if (service.port_last != 0) json["port"] = ports_text(service);
  if (service.scheduler == Scheduler::source) {
    json["source_bits_ipv4"] = service.source_bits_ipv4;
    json["source_bits_ipv6"] = service.source_bits_ipv6;
  }
  if (service.protocol.udp) json["udp"] = name_of(service.udp);
  if (service.protocol.tcp) json["closing_timeout"] = duration_text(service.closing_timeout_ms);
  if (service.protocol == ServiceProtocol::both()) {
    json["udp_idle_timeout"] = duration_text(service.udp_idle_timeout_ms);
    json["udp_opening_timeout"] = duration_text(service.udp_opening_timeout_ms);
  }
  if (service.dscp != 0) json["dscp"] = service.dscp;
  add_limits(json, service);
  return json;
}

nlohmann::json settings_json(const Config& config) {
  std::string key;
  for (const std::uint8_t byte : config.hash_key) key += fmt::format("{:02x}", byte);
  nlohmann::json json{{"hash_key", key},
                      {"door", config.door},
                      {"api", config.api},
                      {"api_read_group", config.api_read_group},
                      {"api_admin_group", config.api_admin_group},
                      {"metrics", config.metrics ? config.metrics->text() : ""},
                      {"state_directory", config.state_directory},
                      {"datapath", name_of(config.datapath)},
                      {"ports", config.ports},
                      {"answers", to_json(config.answers)},
                      {"tunnel_source", nlohmann::json::array()}};
  if (config.api_tls) json["api_tls"] = to_json(*config.api_tls);
  for (const auto& source : {config.tunnel_source_ipv4, config.tunnel_source_ipv6}) {
    if (source) json["tunnel_source"].push_back(source->text());
  }
  return json;
}

nlohmann::json to_json(const Config& config) {
  nlohmann::json json = settings_json(config);
  json["pool"] = nlohmann::json::array();
  json["service"] = nlohmann::json::array();
  for (const PoolConfig& pool : config.pools) json["pool"].push_back(to_json(pool));
  for (const ServiceConfig& service : config.services) json["service"].push_back(to_json(service));
  return json;
}

}  // namespace guideway
