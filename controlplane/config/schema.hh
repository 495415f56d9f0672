// SPDX-License-Identifier: Apache-2.0
// The configuration as values: what a TOML file says once it is checked, with every default filled in and every
// inheritance (pool to backend) resolved. configs/reference.toml documents each key; a test holds the two together.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/config/check_question.hh"
#include "controlplane/config/datapath_choice.hh"
#include "controlplane/config/shared_list.hh"
#include "controlplane/config/shared_value.hh"
#include "dataplane/net/address.hh"
#include "ebpf/abi/limits.h"

namespace guideway {

// Which way a check goes: to the backend's own address, or to a service's as the packets of its clients do.
enum class CheckThrough { backend, service };
// Of several checks, which must pass.
enum class CheckRule { all, any };

// A check: its question, and where and when it is asked.
struct CheckConfig : CheckQuestion {
  // In a backend of a used pool never 0 if the kind has one: loading fills in the backend's own port, else the port of
  // the pool's services.
  std::uint16_t port = 0;
  std::uint32_t interval_ms = 2000;
  std::uint32_t fast_interval_ms = 2000;  // while rise or fall has not decided yet; default: the interval
  std::uint32_t down_interval_ms = 2000;  // while it is down; default: the interval
  std::uint32_t timeout_ms = 1000;        // default: at most the interval
  std::uint32_t rise =
      2;  // successes in a row before a backend that was up before is up again; the first one ever needs 1
  std::uint32_t fall = 3;  // failures in a row before it is down
  std::uint32_t jitter_percent = 10;
  CheckThrough through = CheckThrough::backend;
  friend bool operator==(const CheckConfig&, const CheckConfig&) = default;
};

enum class Forward { l2, ipip, gue, gre, l3dsr };
enum class Administrative { enabled, draining, disabled };

// What the tunnel modes have to say beside their name. A backend keeps only what its mode uses.
struct TunnelConfig {
  std::uint8_t gue_variant = 0;  // 0: a header between UDP and IP; 1: IP directly behind UDP
  std::uint16_t gue_port = 6080;
  std::optional<std::uint32_t> gre_key;
  bool mss_clamp = false;  // SYNs that go into the tunnel announce no more than fits it
  friend bool operator==(const TunnelConfig&, const TunnelConfig&) = default;
};
[[nodiscard]] constexpr bool is_tunnel(Forward forward) noexcept {
  return forward == Forward::ipip || forward == Forward::gue || forward == Forward::gre;
}

struct BackendConfig {
  std::string name;  // default: the address as text; unique in its pool
  IpAddress address;
  std::uint16_t port = 0;    // only for its check; direct server return keeps the packet's own port
  std::uint32_t weight = 1;  // 0 to 65535; 0: no slots, established flows stay while it is retired
  Forward forward = Forward::l2;
  TunnelConfig tunnel;
  std::optional<MacAddress> mac;  // fixed next hop; otherwise the kernel's neighbour table tells
  std::uint16_t vlan = 0;         // the tag of a fixed next hop; 0: what the kernel's route says, or none
  CheckConfig check;
  std::vector<CheckConfig> further_checks;  // beside it
  CheckRule checks = CheckRule::all;
  Administrative administrative = Administrative::enabled;
  friend bool operator==(const BackendConfig&, const BackendConfig&) = default;
};

// What a backend has of its pool unless it says otherwise; kept because backends are added at run time too.
struct BackendDefaults {
  Forward forward = Forward::l2;
  TunnelConfig tunnel;
  std::uint32_t weight = 1;
  CheckConfig check;
  std::vector<CheckConfig> further_checks;
  CheckRule checks = CheckRule::all;
  friend bool operator==(const BackendDefaults&, const BackendDefaults&) = default;
};

enum class LoadFeedbackKind { off, latency };

inline constexpr std::size_t checks_max = 8;  // of a backend
[[nodiscard]] inline std::size_t check_count(const BackendConfig& backend) noexcept {
  return 1 + backend.further_checks.size();
}
[[nodiscard]] inline const CheckConfig& check_at(const BackendConfig& backend, std::size_t number) {
  return number == 0 ? backend.check : backend.further_checks.at(number - 1);
}

// What becomes of the health of a pool's backends beside their checks.
struct PoolHealthConfig {
  std::uint32_t flap_hold_ms = 10'000;  // of the third fall, twice as long for each further one; 0: nobody is held
  std::uint32_t flap_hold_max_ms = 300'000;
  std::uint32_t panic_percent = 0;  // health is ignored while fewer serve; 0: never
  std::uint32_t quorum = 1;         // backends that must be up
  LoadFeedbackKind load_feedback = LoadFeedbackKind::off;
  // Programs with their arguments, run when the quorum is met or lost; empty: none.
  std::vector<std::string> quorum_up;
  std::vector<std::string> quorum_down;
  std::uint32_t quorum_hook_timeout_ms = 10'000;
  friend bool operator==(const PoolHealthConfig&, const PoolHealthConfig&) = default;
};

struct PoolConfig {
  std::string name;
  std::uint32_t slow_start_ms = 0;  // a backend that returns climbs to its full share in this time
  PoolHealthConfig health;
  std::string backup_pool;             // serves in its place below its quorum; empty: none
  SharedList<BackendConfig> backends;  // sorted by name
  SharedValue<BackendDefaults> defaults;
  friend bool operator==(const PoolConfig&, const PoolConfig&) = default;
};

enum class Scheduler { maglev, round_robin, source, random, least_connections };
// Whether a flow's slot alone tells its backend, on every box and worker alike.
[[nodiscard]] constexpr bool is_consistent(Scheduler scheduler) noexcept {
  return scheduler == Scheduler::maglev || scheduler == Scheduler::source;
}
enum class NoBackendPolicy { drop, fail_open, reject };
enum class UdpMode { follow, hash, packet };

// TCP, UDP, or both under one name.
struct ServiceProtocol {
  bool tcp = true;
  bool udp = false;

  ServiceProtocol() = default;
  ServiceProtocol(Protocol one) : tcp(one == Protocol::tcp), udp(one == Protocol::udp) {}
  [[nodiscard]] static ServiceProtocol both() {
    ServiceProtocol result;
    result.udp = true;
    return result;
  }
  [[nodiscard]] std::vector<Protocol> list() const;
  friend auto operator<=>(const ServiceProtocol&, const ServiceProtocol&) = default;
};

// New flows a second, and at once; 0 and 0: no limit.
struct FlowLimit {
  std::uint32_t per_second = 0;
  std::uint32_t burst = 0;
  friend bool operator==(const FlowLimit&, const FlowLimit&) = default;
};

// Sources that may use a service: the longest prefix that holds one decides; where none does, only a list without
// `allow` lets it in.
struct AccessList {
  std::vector<AddressPrefix> allow;  // both sorted, no prefix twice
  std::vector<AddressPrefix> deny;
  [[nodiscard]] bool empty() const noexcept { return allow.empty() && deny.empty(); }
  friend auto operator<=>(const AccessList&, const AccessList&) = default;
};

struct ServiceConfig {
  std::string name;  // unique
  std::vector<AddressPrefix> addresses;
  std::uint16_t port = 0;       // 0: any port; of a range the first
  std::uint16_t port_last = 0;  // of a range, above the first; else 0
  ServiceProtocol protocol;
  std::string pool;  // name of a pool; a service that lists backends itself has a pool of its own name
  Scheduler scheduler = Scheduler::maglev;
  std::uint8_t source_bits_ipv4 = 32;  // scheduler source: how much of a source address counts
  std::uint8_t source_bits_ipv6 = 128;
  NoBackendPolicy policy = NoBackendPolicy::drop;
  UdpMode udp = UdpMode::follow;
  std::uint32_t table_slots = GW_TABLE_SLOTS_DEFAULT;
  std::uint32_t idle_timeout_ms = 900'000;  // UDP alone: 60'000
  std::uint32_t opening_timeout_ms = 30'000;
  std::uint32_t closing_timeout_ms = 30'000;
  // Of TCP and UDP under one name: what UDP has instead of the two above.
  std::uint32_t udp_idle_timeout_ms = 60'000;
  std::uint32_t udp_opening_timeout_ms = 60'000;
  std::uint8_t dscp = 0;  // what l3dsr backends know the service by; 0: none
  AccessList access;
  FlowLimit new_flows;     // each address and protocol
  FlowLimit source_flows;  // the same, each source
  std::uint8_t source_flows_bits_ipv4 = 32;
  std::uint8_t source_flows_bits_ipv6 = 64;
  friend bool operator==(const ServiceConfig&, const ServiceConfig&) = default;
};

// What the datapath answers by itself; 0 a second: nothing.
struct AnswersConfig {
  bool echo_to_kernel = false;
  std::uint32_t echo_per_second = 1000;
  std::uint32_t too_big_per_second = 1000;
  std::uint32_t reject_per_second = 10'000;
  friend bool operator==(const AnswersConfig&, const AnswersConfig&) = default;
};

// The API on a TCP port of this machine alone, inside TLS both ways: a client is who its certificate says.
struct ApiTlsConfig {
  Endpoint listen;
  std::string certificate;  // files, in PEM
  std::string key;
  std::string client_ca;                    // whose certificates clients must have
  std::vector<std::string> administrators;  // common names of those who may do everything; all others may look
  friend bool operator==(const ApiTlsConfig&, const ApiTlsConfig&) = default;
};

struct Config {
  std::array<std::uint8_t, 16> hash_key{};
  std::string door = "/run/guideway/door.sock";
  std::string api = "/run/guideway/api.sock";
  // Names or numbers of groups; empty: none. With neither, the socket's mode decides who may do everything.
  std::string api_read_group;
  std::string api_admin_group;
  std::optional<ApiTlsConfig> api_tls;
  std::optional<Endpoint> metrics;  // where Prometheus may ask beside the API socket
  std::string state_directory = "/var/lib/guideway";
  DatapathChoice datapath = DatapathChoice::automatic;
  std::vector<std::string> ports;  // of the datapath, by number: an interface, a PCI address, or a device of DPDK's
  // Outer sources of tunnelled packets; without one the kernel's preferred source towards the backend is used. What a
  // prefix leaves open comes from the flow's hash.
  std::optional<AddressPrefix> tunnel_source_ipv4;
  std::optional<AddressPrefix> tunnel_source_ipv6;
  AnswersConfig answers;
  SharedList<PoolConfig> pools;        // sorted by name
  SharedList<ServiceConfig> services;  // sorted by name
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace guideway
