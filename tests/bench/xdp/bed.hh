// SPDX-License-Identifier: Apache-2.0
// What is measured, as guideway-xdp would have it on an interface: the program, loaded with the same options, and a
// snapshot with a service for each row of the table, of 100 backends in 65,537 slots each.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/base/result.hh"
#include "dataplane/xdp/program.hh"

namespace guideway::bench {

inline constexpr std::uint32_t backends_each = 100;
inline constexpr std::uint16_t service_port = 80;
inline constexpr std::uint16_t no_service_port = 81;

enum class ServiceKind { ipip, l2, gue, followed, udp, udp_hash };

// Destinations of packets, IPv4 and IPv6.
[[nodiscard]] std::string_view ipv4_address(ServiceKind kind);
[[nodiscard]] std::string_view ipv6_address();

// All backends are up; the flow table is empty.
[[nodiscard]] Result<std::unique_ptr<XdpProgram>> make_bed(const Capacities& capacities);

}  // namespace guideway::bench
