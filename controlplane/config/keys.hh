// SPDX-License-Identifier: Apache-2.0
// Every key of the configuration, by the table it stands in. A reader that does not read a listed key, or reads one
// that is not listed, stops the program in the first test that loads anything; configs/reference.toml is held to these.
#pragma once

#include <array>
#include <string_view>

namespace guideway::keys {

inline constexpr std::array<std::string_view, 9> top{
    "hash_key", "door", "api", "state_directory", "tunnel_source", "include", "defaults", "service", "pool"};

inline constexpr std::array<std::string_view, 11> defaults{
    "forward", "check",       "weight",       "slow_start",      "scheduler",      "when_none",
    "udp",     "table_slots", "idle_timeout", "opening_timeout", "closing_timeout"};

inline constexpr std::array<std::string_view, 18> service{"name", "address", "addresses", "port", "protocol", "pool",
                                                          "backends", "scheduler", "when_none", "udp", "table_slots",
                                                          "idle_timeout", "opening_timeout", "closing_timeout",
                                                          // for the pool of its own that a service with backends has:
                                                          "forward", "check", "weight", "slow_start"};

inline constexpr std::array<std::string_view, 6> pool{"name", "backends", "forward", "check", "weight", "slow_start"};

inline constexpr std::array<std::string_view, 8> backend{"name", "address", "weight", "mac",
                                                         "port", "forward", "check",  "state"};

inline constexpr std::array<std::string_view, 11> check{"type",     "http",    "path", "host", "status",        "port",
                                                        "interval", "timeout", "rise", "fall", "jitter_percent"};

}  // namespace guideway::keys
