// SPDX-License-Identifier: Apache-2.0
// Every key of the configuration, by the table it stands in. A reader that does not read a listed key, or reads one
// that is not listed, stops the program in the first test that loads anything; configs/reference.toml is held to these.
#pragma once

#include <array>
#include <string_view>

namespace guideway::keys {

inline constexpr std::array<std::string_view, 16> top{
    "hash_key", "door",  "api",           "api_read_group", "api_admin_group", "api_tls",  "metrics", "state_directory",
    "datapath", "ports", "tunnel_source", "answers",        "include",         "defaults", "service", "pool"};

inline constexpr std::array<std::string_view, 5> api_tls{"listen", "certificate", "key", "client_ca", "administrators"};

inline constexpr std::array<std::string_view, 4> answers{"echo", "echo_per_second", "too_big_per_second",
                                                         "reject_per_second"};

inline constexpr std::array<std::string_view, 26> defaults{"forward",          "gue_variant",
                                                           "gue_port",         "gre_key",
                                                           "mss_clamp",        "check",
                                                           "checks",           "weight",
                                                           "slow_start",       "scheduler",
                                                           "source_bits_ipv4", "source_bits_ipv6",
                                                           "when_none",        "udp",
                                                           "table_slots",      "idle_timeout",
                                                           "opening_timeout",  "closing_timeout",
                                                           "flap_hold",        "flap_hold_max",
                                                           "panic_percent",    "quorum",
                                                           "load_feedback",    "quorum_up",
                                                           "quorum_down",      "quorum_hook_timeout"};

inline constexpr std::array<std::string_view, 45> service{
    "name", "address", "addresses", "port", "protocol", "pool", "backends", "scheduler", "source_bits_ipv4",
    "source_bits_ipv6", "when_none", "udp", "table_slots", "idle_timeout", "opening_timeout", "closing_timeout",
    "udp_idle_timeout", "udp_opening_timeout", "dscp", "allow", "deny", "new_flows_per_second", "new_flows_burst",
    "source_flows_per_second", "source_flows_burst", "source_flows_bits_ipv4", "source_flows_bits_ipv6",
    // for the pool of its own that a service with backends has:
    "forward", "gue_variant", "gue_port", "gre_key", "mss_clamp", "check", "checks", "weight", "slow_start",
    "flap_hold", "flap_hold_max", "panic_percent", "quorum", "quorum_up", "quorum_down", "quorum_hook_timeout",
    "load_feedback", "backup_pool"};

inline constexpr std::array<std::string_view, 20> pool{
    "name",          "backends",    "forward",       "gue_variant",   "gue_port",
    "gre_key",       "mss_clamp",   "check",         "checks",        "weight",
    "slow_start",    "flap_hold",   "flap_hold_max", "panic_percent", "quorum",
    "load_feedback", "backup_pool", "quorum_up",     "quorum_down",   "quorum_hook_timeout"};

inline constexpr std::array<std::string_view, 14> backend{"name",      "address", "weight",      "mac",      "vlan",
                                                          "port",      "forward", "gue_variant", "gue_port", "gre_key",
                                                          "mss_clamp", "check",   "checks",      "state"};

inline constexpr std::array<std::string_view, 35> check{
    "type", "port", "interval", "timeout", "rise", "fall", "jitter_percent", "fast_interval", "down_interval",
    "through",
    // what it asks, by kind:
    "tls", "server_name", "verify", "ca_file", "certificate_days",           // inside TLS
    "http", "https", "method", "path", "host", "headers", "status", "body",  // HTTP
    "send", "expect", "password", "user", "database", "grpc_service",        // conversations
    "query", "record", "answer", "transport",                                // DNS
    "program", "arguments"};

}  // namespace guideway::keys
