// SPDX-License-Identifier: Apache-2.0
// Values to JSON, everything spelled out, nothing left to a default that may change.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/duration.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/words.hh"

namespace guideway {

namespace {

void add_tls(nlohmann::json& to, const CheckQuestion& question) {
  if (!may_use_tls(question.kind)) return;
  // Where the type does not say it.
  if (name_of(question) == name_of(question.kind)) to["tls"] = question.tls;
  if (!question.tls) return;
  to["server_name"] = question.server_name;
  to["verify"] = question.verify;
  if (question.verify) to["ca_file"] = question.ca_file;
  to["certificate_days"] = question.certificate_days;
}

void add_http(nlohmann::json& to, const CheckQuestion& question) {
  to["method"] = question.method;
  to["path"] = question.path;
  to["host"] = question.host;
  to["headers"] = question.headers;
  to["body"] = question.body;
  to["status"] = nlohmann::json::array();
  for (const StatusRange& range : question.status)
    to["status"].push_back(fmt::format("{}-{}", range.least, range.most));
}

void add_dns(nlohmann::json& to, const CheckQuestion& question) {
  to["query"] = question.query;
  to["record"] = question.record;
  to["answer"] = question.answer;
  to["transport"] = name_of(question.transport);
}

void add_words(nlohmann::json& to, const CheckQuestion& question) {
  const CheckKind kind = question.kind;
  if (kind == CheckKind::tcp || kind == CheckKind::udp || kind == CheckKind::agent) to["send"] = question.send;
  if (kind == CheckKind::tcp || kind == CheckKind::udp) to["expect"] = question.expect;
  if (kind == CheckKind::redis) to["password"] = question.password;
  if (kind == CheckKind::postgresql || kind == CheckKind::mysql) to["user"] = question.user;
  if (kind == CheckKind::postgresql) to["database"] = question.database;
  if (kind == CheckKind::grpc) to.update({{"host", question.host}, {"grpc_service", question.grpc_service}});
  if (kind == CheckKind::dns) add_dns(to, question);
  if (kind == CheckKind::program) to.update({{"program", question.program}, {"arguments", question.arguments}});
}

}  // namespace

nlohmann::json to_json(const CheckConfig& check) {
  if (check.kind == CheckKind::none) return "none";
  nlohmann::json result{{"type", name_of(check)},
                        {"interval", duration_text(check.interval_ms)},
                        {"fast_interval", duration_text(check.fast_interval_ms)},
                        {"down_interval", duration_text(check.down_interval_ms)},
                        {"timeout", duration_text(check.timeout_ms)},
                        {"rise", check.rise},
                        {"fall", check.fall},
                        {"jitter_percent", check.jitter_percent}};
  if (has_port(check.kind)) result["port"] = check.port;
  if (may_go_through_service(check.kind)) result["through"] = name_of(check.through);
  add_tls(result, check);
  if (check.kind == CheckKind::http) add_http(result, check);
  add_words(result, check);
  return result;
}

namespace {

// What the mode uses; of a pool also what differs from the default, for those of its backends that use it.
void add_tunnel(nlohmann::json& to, Forward forward, const TunnelConfig& tunnel) {
  const TunnelConfig fresh;
  if (forward == Forward::gue || tunnel.gue_variant != fresh.gue_variant) to["gue_variant"] = tunnel.gue_variant;
  if (forward == Forward::gue || tunnel.gue_port != fresh.gue_port) to["gue_port"] = tunnel.gue_port;
  if (tunnel.gre_key) to["gre_key"] = *tunnel.gre_key;
  if (is_tunnel(forward) || tunnel.mss_clamp) to["mss_clamp"] = tunnel.mss_clamp;
}

nlohmann::json texts(const std::vector<AddressPrefix>& prefixes) {
  nlohmann::json list = nlohmann::json::array();
  for (const AddressPrefix& prefix : prefixes) list.push_back(prefix.text());
  return list;
}

void add_limits(nlohmann::json& to, const ServiceConfig& service) {
  if (!service.access.allow.empty()) to["allow"] = texts(service.access.allow);
  if (!service.access.deny.empty()) to["deny"] = texts(service.access.deny);
  if (service.new_flows.per_second != 0) {
    to["new_flows_per_second"] = service.new_flows.per_second;
    to["new_flows_burst"] = service.new_flows.burst;
  }
  if (service.source_flows.per_second == 0) return;
  to["source_flows_per_second"] = service.source_flows.per_second;
  to["source_flows_burst"] = service.source_flows.burst;
  to["source_flows_bits_ipv4"] = service.source_flows_bits_ipv4;
  to["source_flows_bits_ipv6"] = service.source_flows_bits_ipv6;
}

nlohmann::json to_json(const AnswersConfig& answers) {
  nlohmann::json result{{"echo", answers.echo_to_kernel ? "kernel" : "answer"},
                        {"too_big_per_second", answers.too_big_per_second},
                        {"reject_per_second", answers.reject_per_second}};
  if (!answers.echo_to_kernel) result["echo_per_second"] = answers.echo_per_second;
  return result;
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
  nlohmann::json result{{"name", backend.name},
                        {"address", backend.address.text()},
                        {"weight", backend.weight},
                        {"forward", name_of(backend.forward)},
                        {"check", checks_json(backend)},
                        {"checks", name_of(backend.checks)},
                        {"state", name_of(backend.administrative)}};
  if (backend.port != 0) result["port"] = backend.port;
  if (backend.mac) result["mac"] = backend.mac->text();
  if (backend.vlan != 0) result["vlan"] = backend.vlan;
  add_tunnel(result, backend.forward, backend.tunnel);
  return result;
}

nlohmann::json to_json(const PoolConfig& pool) {
  nlohmann::json backends = nlohmann::json::array();
  for (const BackendConfig& backend : pool.backends) backends.push_back(to_json(backend));
  nlohmann::json result{{"name", pool.name},
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
  if (!pool.backup_pool.empty()) result["backup_pool"] = pool.backup_pool;
  add_tunnel(result, pool.defaults->forward, pool.defaults->tunnel);
  return result;
}

nlohmann::json to_json(const ServiceConfig& service) {
  nlohmann::json result{{"name", service.name},
                        {"addresses", texts(service.addresses)},
                        {"port", service.port},
                        {"protocol", name_of(service.protocol)},
                        {"pool", service.pool},
                        {"scheduler", name_of(service.scheduler)},
                        {"when_none", name_of(service.policy)},
                        {"table_slots", service.table_slots},
                        {"idle_timeout", duration_text(service.idle_timeout_ms)},
                        {"opening_timeout", duration_text(service.opening_timeout_ms)}};
  if (service.port_last != 0) result["port"] = ports_text(service);
  if (service.scheduler == Scheduler::source) {
    result["source_bits_ipv4"] = service.source_bits_ipv4;
    result["source_bits_ipv6"] = service.source_bits_ipv6;
  }
  if (service.protocol.udp) result["udp"] = name_of(service.udp);
  if (service.protocol.tcp) result["closing_timeout"] = duration_text(service.closing_timeout_ms);
  if (service.protocol == ServiceProtocol::both()) {
    result["udp_idle_timeout"] = duration_text(service.udp_idle_timeout_ms);
    result["udp_opening_timeout"] = duration_text(service.udp_opening_timeout_ms);
  }
  if (service.dscp != 0) result["dscp"] = service.dscp;
  add_limits(result, service);
  return result;
}

nlohmann::json settings_json(const Config& config) {
  std::string key;
  for (const std::uint8_t byte : config.hash_key) key += fmt::format("{:02x}", byte);
  nlohmann::json result{{"hash_key", key},
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
  if (config.api_tls) result["api_tls"] = to_json(*config.api_tls);
  for (const auto& source : {config.tunnel_source_ipv4, config.tunnel_source_ipv6}) {
    if (source) result["tunnel_source"].push_back(source->text());
  }
  return result;
}

nlohmann::json to_json(const Config& config) {
  nlohmann::json result = settings_json(config);
  result["pool"] = nlohmann::json::array();
  result["service"] = nlohmann::json::array();
  for (const PoolConfig& pool : config.pools) result["pool"].push_back(to_json(pool));
  for (const ServiceConfig& service : config.services) result["service"].push_back(to_json(service));
  return result;
}

}  // namespace guideway
