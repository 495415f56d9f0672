// SPDX-License-Identifier: Apache-2.0
// The configuration as values: what a TOML file says once it is checked, with every default filled in and every
// inheritance (pool to backend) resolved. configs/reference.toml documents each key; a test holds the two together.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/net/address.hh"
#include "ebpf/abi/limits.h"

namespace guideway {

enum class CheckKind { none, tcp, http };

struct CheckConfig {
  CheckKind kind = CheckKind::tcp;
  // In a backend of a used pool never 0: loading fills in the backend's own port, else the port of the pool's services.
  std::uint16_t port = 0;
  std::string path = "/";          // http
  std::string host;                // http: Host header; empty: the backend's address
  std::uint16_t status_min = 200;  // http: lowest and highest status that counts as success
  std::uint16_t status_max = 399;
  std::uint32_t interval_ms = 2000;
  std::uint32_t timeout_ms = 1000;  // default: at most the interval
  std::uint32_t rise =
      2;  // successes in a row before a backend that was up before is up again; the first one ever needs 1
  std::uint32_t fall = 3;  // failures in a row before it is down
  std::uint32_t jitter_percent = 10;
  friend bool operator==(const CheckConfig&, const CheckConfig&) = default;
};

enum class Forward { l2, ipip };
enum class Administrative { enabled, draining, disabled };

struct BackendConfig {
  std::string name;  // default: the address as text; unique in its pool
  IpAddress address;
  std::uint16_t port = 0;    // only for its check; direct server return keeps the packet's own port
  std::uint32_t weight = 1;  // 0 to 65535; 0: no slots, established flows stay while it is retired
  Forward forward = Forward::l2;
  std::optional<MacAddress> mac;  // fixed next hop; otherwise the kernel's neighbour table tells
  CheckConfig check;
  Administrative administrative = Administrative::enabled;
  friend bool operator==(const BackendConfig&, const BackendConfig&) = default;
};

// What a backend has of its pool unless it says otherwise; kept because backends are added at run time too.
struct BackendDefaults {
  Forward forward = Forward::l2;
  std::uint32_t weight = 1;
  CheckConfig check;
  friend bool operator==(const BackendDefaults&, const BackendDefaults&) = default;
};

struct PoolConfig {
  std::string name;
  std::uint32_t slow_start_ms = 0;      // a backend that returns climbs to its full share in this time
  std::vector<BackendConfig> backends;  // sorted by name
  BackendDefaults defaults;
  friend bool operator==(const PoolConfig&, const PoolConfig&) = default;
};

enum class Scheduler { maglev, round_robin };
enum class NoBackendPolicy { drop, fail_open };
enum class UdpMode { follow, hash };

struct ServiceConfig {
  std::string name;  // unique
  std::vector<IpAddress> addresses;
  std::uint16_t port = 0;  // 0: any port
  Protocol protocol = Protocol::tcp;
  std::string pool;  // name of a pool; a service that lists backends itself has a pool of its own name
  Scheduler scheduler = Scheduler::maglev;
  NoBackendPolicy policy = NoBackendPolicy::drop;
  UdpMode udp = UdpMode::follow;
  std::uint32_t table_slots = GW_TABLE_SLOTS_DEFAULT;
  std::uint32_t idle_timeout_ms = 900'000;  // UDP: 60'000
  std::uint32_t opening_timeout_ms = 30'000;
  std::uint32_t closing_timeout_ms = 30'000;
  friend bool operator==(const ServiceConfig&, const ServiceConfig&) = default;
};

struct Config {
  std::array<std::uint8_t, 16> hash_key{};
  std::string door = "/run/guideway/door.sock";
  std::string api = "/run/guideway/api.sock";
  std::string state_directory = "/var/lib/guideway";
  // Outer sources of tunnelled packets; without one the kernel's preferred source towards the backend is used.
  std::optional<IpAddress> tunnel_source_ipv4;
  std::optional<IpAddress> tunnel_source_ipv6;
  std::vector<PoolConfig> pools;        // sorted by name
  std::vector<ServiceConfig> services;  // sorted by name
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace guideway
