// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/ipvsadm/words.hh"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/core.h>

#include "controlplane/cli/field.hh"
#include "controlplane/config/duration.hh"
#include "controlplane/config/words.hh"

namespace guideway::ipvsadm {
namespace {

using nlohmann::json;

struct SchedulerRow {
  std::string_view word;
  Scheduler scheduler;
  bool is_printed;  // of several words for one scheduler, the one that lists and saves show
};

constexpr std::array schedulers{
    SchedulerRow{"mh", Scheduler::maglev, true},
    SchedulerRow{"sh", Scheduler::source, true},
    SchedulerRow{"rr", Scheduler::round_robin, false},
    SchedulerRow{"wrr", Scheduler::round_robin, true},
    SchedulerRow{"lc", Scheduler::least_connections, false},
    SchedulerRow{"wlc", Scheduler::least_connections, true},
    SchedulerRow{"random", Scheduler::random, true},  // no word of ipvsadm's, but what a list shows must be taken back
};

constexpr std::string_view bits_key(Family family) {
  return family == Family::ipv4 ? "source_bits_ipv4" : "source_bits_ipv6";
}

std::uint32_t seconds_of(const json& keys, const char* key) {
  return parse_duration_ms(text_field(keys, key)).value_or(0) / 1000;
}

bool is_tcp(const json& service) { return text_field(service, "protocol").find("tcp") != std::string::npos; }
bool is_udp(const json& service) { return text_field(service, "protocol").find("udp") != std::string::npos; }

void set_seconds(json& keys, std::initializer_list<const char*> names, std::uint32_t seconds) {
  for (const char* name : names) {
    if (seconds != 0 && seconds_of(keys, name) != seconds) keys[name] = fmt::format("{}s", seconds);
  }
}

}  // namespace

std::string text_of(const VirtualKey& key) {
  return fmt::format("{} {}", key.protocol == Protocol::tcp ? "TCP" : "UDP",
                     key.address.family == Family::ipv4 ? fmt::format("{}:{}", key.address.text(), key.port)
                                                        : fmt::format("[{}]:{}", key.address.text(), key.port));
}

std::string service_name(const VirtualKey& key) {
  return fmt::format("{}-{}:{}", name_of(key.protocol), key.address.text(), key.port);
}

Timeouts default_timeouts() {
  const ServiceConfig fresh;
  return {fresh.idle_timeout_ms / 1000, fresh.closing_timeout_ms / 1000, fresh.udp_idle_timeout_ms / 1000};
}

Result<Scheduler> scheduler_of(std::string_view word) {
  std::string known;
  for (const SchedulerRow& row : schedulers) {
    if (row.word == word) return row.scheduler;
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", row.word, name_of(row.scheduler));
  }
  return failure(fmt::format("there is no scheduler \"{}\" here; give one of {}", word, known));
}

std::string_view word_of(Scheduler scheduler) {
  for (const SchedulerRow& row : schedulers) {
    if (row.scheduler == scheduler && row.is_printed) return row.word;
  }
  return name_of(scheduler);
}

json keys_of(const ServiceWords& words, const Timeouts& timeouts) {
  json keys{{"name", service_name(words.key)},
            {"addresses", {words.key.address.text()}},
            {"port", words.key.port},
            {"protocol", name_of(words.key.protocol)},
            {"check", "none"},
            {"backends", json::array()}};
  if (timeouts != default_timeouts()) change_timeouts(keys, timeouts);
  change_keys(keys, words);
  return keys;
}

void change_keys(json& keys, const ServiceWords& words) {
  keys["scheduler"] = name_of(words.scheduler);
  for (const Family family : {Family::ipv4, Family::ipv6}) keys.erase(std::string(bits_key(family)));
  if (words.source_bits) keys[std::string(bits_key(words.key.address.family))] = *words.source_bits;
  if (words.key.protocol != Protocol::udp) return;
  const bool was_one_packet = keys.contains("udp") && keys["udp"] == name_of(UdpMode::packet);
  if (words.one_packet)
    keys["udp"] = name_of(UdpMode::packet);
  else if (was_one_packet)
    keys["udp"] = name_of(UdpMode::follow);
}

void change_timeouts(json& keys, const Timeouts& timeouts) {
  if (is_tcp(keys)) {
    set_seconds(keys, {"idle_timeout"}, timeouts.tcp_s);
    set_seconds(keys, {"closing_timeout"}, timeouts.tcp_fin_s);
  }
  if (is_udp(keys) && is_tcp(keys))
    set_seconds(keys, {"udp_idle_timeout", "udp_opening_timeout"}, timeouts.udp_s);
  else if (is_udp(keys))
    set_seconds(keys, {"idle_timeout", "opening_timeout"}, timeouts.udp_s);
}

json keys_of(const ServerWords& words) {
  json keys{{"address", words.address.text()}};
  change_keys(keys, words);
  return keys;
}

void change_keys(json& keys, const ServerWords& words) {
  // Weight 0 is ipvsadm's word for a drain. Any of a pool may be drained, even all, but not all may weigh nothing.
  keys["weight"] = std::max(words.weight, 1U);
  keys["state"] = name_of(words.weight == 0 ? Administrative::draining : Administrative::enabled);
  keys["forward"] = name_of(words.forward);
  for (const char* key : {"gue_variant", "gue_port", "gre_key"}) keys.erase(key);
  if (!is_tunnel(words.forward)) keys.erase("mss_clamp");
  if (words.forward == Forward::gue) keys["gue_port"] = words.gue_port;
}

ServiceWords words_of(const VirtualKey& key, const json& service) {
  ServiceWords words;
  words.key = key;
  for (const SchedulerRow& row : schedulers) {
    if (name_of(row.scheduler) == text_field(service, "scheduler")) words.scheduler = row.scheduler;
  }
  const std::uint64_t bits = count_field(service, std::string(bits_key(key.address.family)).c_str());
  if (bits != 0 && bits < AddressPrefix::bits_of(key.address.family))
    words.source_bits = static_cast<std::uint8_t>(bits);
  words.one_packet = key.protocol == Protocol::udp && text_field(service, "udp") == name_of(UdpMode::packet);
  return words;
}

ServerWords words_of(const json& backend) {
  ServerWords words;
  words.address = IpAddress::parse(text_field(backend, "address")).value_or(IpAddress{});
  if (text_field(backend, "state") == name_of(Administrative::enabled))
    words.weight = static_cast<std::uint32_t>(count_field(backend, "weight"));
  else
    words.weight = 0;
  for (const Forward forward : {Forward::l2, Forward::ipip, Forward::gue, Forward::gre, Forward::l3dsr}) {
    if (name_of(forward) == text_field(backend, "forward")) words.forward = forward;
  }
  if (words.forward == Forward::gue) words.gue_port = static_cast<std::uint16_t>(count_field(backend, "gue_port"));
  return words;
}

Timeouts timeouts_of(const json& service) {
  Timeouts result;
  if (is_tcp(service)) {
    result.tcp_s = seconds_of(service, "idle_timeout");
    result.tcp_fin_s = seconds_of(service, "closing_timeout");
  }
  if (is_udp(service)) result.udp_s = seconds_of(service, is_tcp(service) ? "udp_idle_timeout" : "idle_timeout");
  return result;
}

std::string netmask_text(Family family, std::uint8_t bits) {
  if (family == Family::ipv6) return fmt::format("{}", bits);
  const std::uint32_t mask = ~std::uint32_t{0} << (32U - bits);
  return fmt::format("{}.{}.{}.{}", mask >> 24U, mask >> 16U & 255U, mask >> 8U & 255U, mask & 255U);
}

}  // namespace guideway::ipvsadm
