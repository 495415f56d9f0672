// SPDX-License-Identifier: Apache-2.0
// What ipvsadm's words say about a service and a server, as values; and the same as the keys of a configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "controlplane/config/schema.hh"
#include "dataplane/base/result.hh"
#include "dataplane/net/address.hh"

namespace guideway::ipvsadm {

// A virtual service: what -t and -u name. Port 0 is every port.
struct VirtualKey {
  Protocol protocol = Protocol::tcp;
  IpAddress address;
  std::uint16_t port = 0;
  friend auto operator<=>(const VirtualKey&, const VirtualKey&) = default;
};
[[nodiscard]] std::string text_of(const VirtualKey& key);  // "TCP 192.0.2.10:80"
// What a service is called that ipvsadm's words added: "tcp-192.0.2.10:80".
[[nodiscard]] std::string service_name(const VirtualKey& key);

struct ServiceWords {
  VirtualKey key;
  Scheduler scheduler = Scheduler::least_connections;  // wlc is ipvsadm's default
  std::optional<std::uint8_t> source_bits;             // of the scheduler source; none: the whole address
  bool one_packet = false;
};

// Of all services; 0: unknown, or to be left alone.
struct Timeouts {
  std::uint32_t tcp_s = 0;
  std::uint32_t tcp_fin_s = 0;
  std::uint32_t udp_s = 0;
  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};
// A new service's, if nothing else is said.
[[nodiscard]] Timeouts default_timeouts();

struct ServerWords {
  IpAddress address;
  std::uint32_t weight = 1;  // 0: it is drained
  Forward forward = Forward::l2;
  std::uint16_t gue_port = 0;  // 0: not GUE
};

// "mh" and so on; the sentence of a refusal names what exists.
[[nodiscard]] Result<Scheduler> scheduler_of(std::string_view word);
// The word to print, which scheduler_of() takes back.
[[nodiscard]] std::string_view word_of(Scheduler scheduler);

// The keys of [[service]] for a new service without backends: not checked, since whoever adds a server here says that
// it is up.
[[nodiscard]] nlohmann::json keys_of(const ServiceWords& words, const Timeouts& timeouts);
// Sets what the words say in the keys of a service that exists, and leaves all else.
void change_keys(nlohmann::json& keys, const ServiceWords& words);
void change_timeouts(nlohmann::json& keys, const Timeouts& timeouts);

[[nodiscard]] nlohmann::json keys_of(const ServerWords& words);
void change_keys(nlohmann::json& keys, const ServerWords& words);

// Back from the keys. What the words cannot say is left out.
[[nodiscard]] ServiceWords words_of(const VirtualKey& key, const nlohmann::json& service);
[[nodiscard]] ServerWords words_of(const nlohmann::json& backend);
[[nodiscard]] Timeouts timeouts_of(const nlohmann::json& service);

// As -M takes it: "255.255.255.0", for IPv6 the prefix length.
[[nodiscard]] std::string netmask_text(Family family, std::uint8_t bits);

}  // namespace guideway::ipvsadm
