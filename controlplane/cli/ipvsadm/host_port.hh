// SPDX-License-Identifier: Apache-2.0
// Addresses and ports as ipvsadm takes and prints them: by number, or by the names that the resolver and /etc/services
// know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/result.hh"
#include "dataplane/net/address.hh"

namespace guideway::ipvsadm {

struct HostPort {
  IpAddress address;
  std::optional<std::uint16_t> port;  // as given; none: left out
};

// "192.0.2.10:80", "[2001:db8::1]:http", "www.example.org", "2001:db8::1". A name is asked for its IPv4 address, in
// brackets for its IPv6 address.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text, Protocol protocol);

// "192.0.2.10:80", "[2001:db8::1]:80"; not numeric: by name where there is one. Asks the resolver.
[[nodiscard]] std::string host_port_text(const IpAddress& address, std::uint16_t port, Protocol protocol,
                                         bool is_numeric);

}  // namespace guideway::ipvsadm
