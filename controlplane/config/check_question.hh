// SPDX-License-Identifier: Apache-2.0
// What a check asks and what answer it wants: everything that can change its verdict but address, port and time limit.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace guideway {

enum class CheckKind {
  none,
  tcp,
  udp,
  http,
  grpc,
  dns,
  icmp,
  redis,
  memcached,
  smtp,
  postgresql,
  mysql,
  amqp,
  program,
  agent
};
enum class DnsTransport { udp, tcp };

// Whether there is no probe without a port.
[[nodiscard]] constexpr bool has_port(CheckKind kind) noexcept {
  return kind != CheckKind::none && kind != CheckKind::icmp;
}
// Whether it speaks over a TCP connection that may be inside TLS.
[[nodiscard]] constexpr bool may_use_tls(CheckKind kind) noexcept {
  switch (kind) {
    case CheckKind::tcp:
    case CheckKind::http:
    case CheckKind::grpc:
    case CheckKind::redis:
    case CheckKind::memcached:
    case CheckKind::smtp:
    case CheckKind::amqp:
    case CheckKind::agent:
      return true;
    default:
      return false;
  }
}

// Whether it may go to a service's address: it has a port there, and is our own to send.
[[nodiscard]] constexpr bool may_go_through_service(CheckKind kind) noexcept {
  return has_port(kind) && kind != CheckKind::program && kind != CheckKind::agent;
}

struct StatusRange {
  std::uint16_t least = 200;
  std::uint16_t most = 399;
  friend auto operator<=>(const StatusRange&, const StatusRange&) = default;
};

// send, expect and body are as written, escapes and all: see answer_pattern.hh.
struct CheckQuestion {
  CheckKind kind = CheckKind::tcp;

  bool tls = false;                     // what connects: the conversation is inside TLS
  std::string server_name;              // tls: SNI, and the name verified; empty: that of `host`, else the address
  bool verify = false;                  // tls: the certificate must be valid, for that name
  std::string ca_file;                  // tls: who may have signed it; empty: the system's certificate authorities
  std::uint32_t certificate_days = 14;  // tls: warns of a certificate that has no more left; 0: never

  std::string method = "GET";                                     // http
  std::string path = "/";                                         // http
  std::string host;                                               // http: Host header; empty: the backend's address
  std::map<std::string, std::string> headers;                     // http: sent besides
  std::vector<StatusRange> status = std::vector<StatusRange>(1);  // http: what counts as success
  std::string body;  // http: what the answer's body must have; empty: anything

  std::string send;          // tcp, agent: what is said once connected, or empty; udp: what is said
  std::string expect;        // tcp: what must come then; empty: a connection is enough; udp: what must come
  std::string password;      // redis; empty: none
  std::string grpc_service;  // grpc; empty: the server as a whole
  std::string user;          // postgresql, mysql; empty: guideway_check, who need not exist
  std::string database;      // postgresql; empty: postgres

  std::string query;  // dns: the name; "." is the root
  std::string record = "A";
  std::string answer;  // dns: what one of the records must be; empty: any
  DnsTransport transport = DnsTransport::udp;

  std::string program;  // the absolute path
  std::vector<std::string> arguments;

  friend auto operator<=>(const CheckQuestion&, const CheckQuestion&) = default;
};

// Without what its kind does not use, so that equal questions are equal values.
[[nodiscard]] CheckQuestion settled(const CheckQuestion& question);

}  // namespace guideway
