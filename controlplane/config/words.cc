// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/words.hh"

#include <algorithm>

#include <fmt/core.h>

namespace guideway {

std::optional<CheckWord> check_word(std::string_view word) noexcept {
  const auto* found =
      std::find_if(check_words.begin(), check_words.end(), [&](const CheckWord& each) { return each.word == word; });
  return found == check_words.end() ? std::nullopt : std::optional(*found);
}

std::string check_words_text(bool quoted) {
  std::string text;
  for (const CheckWord& each : check_words) {
    const bool is_last = &each == &check_words.back();
    if (!text.empty()) text += is_last ? " or " : ", ";
    text += quoted ? fmt::format("\"{}\"", each.word) : std::string(each.word);
  }
  return text;
}

std::string_view name_of(CheckKind kind) noexcept {
  CheckQuestion question;
  question.kind = kind;
  return name_of(question);
}

std::string_view name_of(const CheckQuestion& question) noexcept {
  std::string_view name = "none";
  for (const CheckWord& each : check_words) {
    if (each.kind == question.kind && (!each.tls || question.tls)) name = each.word;
  }
  return name;
}

std::string_view name_of(DnsTransport transport) noexcept { return transport == DnsTransport::udp ? "udp" : "tcp"; }

std::string_view name_of(Forward forward) noexcept {
  switch (forward) {
    case Forward::l2:
      return "l2";
    case Forward::ipip:
      return "ipip";
    case Forward::gue:
      return "gue";
    case Forward::gre:
      return "gre";
    case Forward::l3dsr:
      return "l3dsr";
  }
  return "l2";
}

std::string_view name_of(Administrative state) noexcept {
  switch (state) {
    case Administrative::enabled:
      return "enabled";
    case Administrative::draining:
      return "draining";
    case Administrative::disabled:
      return "disabled";
  }
  return "enabled";
}

std::string_view name_of(CheckThrough through) noexcept {
  return through == CheckThrough::service ? "service" : "backend";
}

std::string_view name_of(CheckRule rule) noexcept { return rule == CheckRule::any ? "any" : "all"; }

std::string_view name_of(Scheduler scheduler) noexcept {
  switch (scheduler) {
    case Scheduler::maglev:
      return "maglev";
    case Scheduler::round_robin:
      return "round-robin";
    case Scheduler::source:
      return "source";
    case Scheduler::random:
      return "random";
    case Scheduler::least_connections:
      return "least-connections";
  }
  return "maglev";
}

std::string_view name_of(NoBackendPolicy policy) noexcept {
  switch (policy) {
    case NoBackendPolicy::drop:
      return "drop";
    case NoBackendPolicy::fail_open:
      return "fail-open";
    case NoBackendPolicy::reject:
      return "reject";
  }
  return "drop";
}

std::string_view name_of(UdpMode mode) noexcept {
  switch (mode) {
    case UdpMode::follow:
      return "follow";
    case UdpMode::hash:
      return "hash";
    case UdpMode::packet:
      return "packet";
  }
  return "follow";
}

std::string_view name_of(DatapathChoice choice) noexcept {
  switch (choice) {
    case DatapathChoice::automatic:
      return "auto";
    case DatapathChoice::dpdk:
      return "dpdk";
    case DatapathChoice::xdp:
      return "xdp";
  }
  return "unknown";
}

std::string_view name_of(const ServiceProtocol& protocol) noexcept {
  if (protocol.tcp && protocol.udp) return "tcp+udp";
  return protocol.udp ? "udp" : "tcp";
}

std::string ports_text(const ServiceConfig& service) {
  if (service.port_last != 0) return fmt::format("{}-{}", service.port, service.port_last);
  return service.port == 0 ? "any" : std::to_string(service.port);
}

std::vector<Protocol> ServiceProtocol::list() const {
  std::vector<Protocol> protocols;
  if (tcp) protocols.push_back(Protocol::tcp);
  if (udp) protocols.push_back(Protocol::udp);
  return protocols;
}

}  // namespace guideway
